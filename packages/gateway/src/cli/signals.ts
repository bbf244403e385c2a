import type { Clock } from '@headgate/core'

const STOP_SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const
type StopSignal = keyof typeof STOP_SIGNALS

/**
 * Ctrl-C reaches every process of a terminal's group, and npm passes the same signal on once more: what comes within
 * this time of the first is the same wish, not impatience. Milliseconds.
 */
const SAME_WISH = 1_000

/**
 * Calls `stop` at the first SIGINT or SIGTERM, and `force`, with the exit code that stands for the signal, at a
 * further one. For the rest of the process's life: a signal that comes while it ends must not turn its exit code.
 */
export function onStopSignals(
  clock: Clock,
  stop: (signal: StopSignal) => void,
  force: (exitCode: number) => void,
): void {
  let first: number | undefined
  const received = (signal: StopSignal): void => {
    const now = clock.now()
    if (first === undefined) {
      first = now
      stop(signal)
    } else if (now - first >= SAME_WISH) force(STOP_SIGNALS[signal])
  }
  for (const signal of Object.keys(STOP_SIGNALS)) process.on(signal as StopSignal, received)
}
