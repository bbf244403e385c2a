/** The engine's timers keep no process alive, so that a pool of idle connections does not; a call that waits for its turn must. */
let keeper: NodeJS.Timeout | undefined
let holds = 0

/** From now until `releaseProcess`, the process does not end by itself: a back-off has no socket that would keep it. */
export function holdProcess(): void {
  if (holds++ > 0) return
  // As long as a timer may be. It is made once: to turn it on and off costs next to nothing.
  keeper ??= setInterval(() => {}, 2 ** 31 - 1)
  keeper.ref()
}

/** Once for each `holdProcess`. */
export function releaseProcess(): void {
  if (--holds === 0) keeper?.unref()
}
