import { systemClock } from '@headgate/core'
import { serveFast } from '../engine-modes.ts'
import { StartError } from '../workers/start-failure.ts'
import type { StopReport } from '../workers/supervisor.ts'
import { type CliValues, EXIT } from './command.ts'
import { fileConfig, upstreamConfig } from './config-source.ts'
import { type Log, makeLog } from './log.ts'
import { logCall, logChange, logDraining, logEvent, logStart, logStopped, startAdvice } from './run-log.ts'
import { Serving } from './serve.ts'
import type { Terminal } from './terminal.ts'

/** What `headgate run` does: serves until a signal, and returns the exit code. */
export async function runGateway(values: CliValues, terminal: Terminal): Promise<number> {
  const { upstream } = values
  const chosen =
    upstream === undefined ? await fileConfig(values, terminal) : upstreamConfig(upstream, values, terminal)
  if (!chosen.ok) return chosen.exitCode
  const log = await makeLog(terminal)
  const serving = new Serving(chosen, {
    event: (event) => logEvent(log, event),
    changed: (order, outcome) => logChange(log, order, outcome),
    called: (record) => logCall(log, record),
  })
  return runUntilSignal(serving, chosen.source.name, log)
}

async function runUntilSignal(serving: Serving, source: string, log: Log): Promise<number> {
  const stopped = Promise.withResolvers<StopReport>()
  let stopping = false
  onStopSignals((signal) => {
    stopping = true
    logDraining(log, signal, serving.supervisor.config)
    serving.stop().then(stopped.resolve, stopped.reject)
  })
  process.on('SIGHUP', () => serving.reload())
  try {
    logStart(log, await serving.start(), serving, source)
    serveFast()
  } catch (error) {
    // Stopped while it started.
    if (stopping) return EXIT.ok
    if (!(error instanceof StartError)) throw error
    log.error(startAdvice(error.failure), { failure: error.failure })
    return EXIT.failed
  }
  logStopped(log, await stopped.promise)
  return EXIT.ok
}

const STOP_SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const
type StopSignal = keyof typeof STOP_SIGNALS

/**
 * Ctrl-C reaches every process of a terminal's group, and npm passes the same signal on once more: what comes within
 * this time of the first is the same wish, not impatience. Milliseconds.
 */
const SAME_WISH = 1_000

/**
 * Calls `stop` at the first SIGINT or SIGTERM, and ends the process, with the exit code that stands for the signal, at a
 * further one. For the rest of the process's life: a signal that comes while it ends must not turn its exit code.
 */
function onStopSignals(stop: (signal: StopSignal) => void): void {
  let first: number | undefined
  const received = (signal: StopSignal): void => {
    const now = systemClock.now()
    if (first === undefined) {
      first = now
      stop(signal)
    } else if (now - first >= SAME_WISH) process.exit(STOP_SIGNALS[signal])
  }
  for (const signal of Object.keys(STOP_SIGNALS)) process.on(signal as StopSignal, received)
}
