/**
 * How many values that are here already are given before the event loop turns. Each is given by promises alone, which run before
 * timers and sockets do: without a turn, 43,700 events of one read of 256 KiB held everything else up for seconds.
 */
export const VALUES_PER_TURN = 256

/** The same for bytes that make no value: lines of a stream of events that name a retry, a comment or nothing at all. */
export const BYTES_PER_TURN: number = 64 * 1024

/** Resolves when timers, sockets and whatever else waits have had their turn. */
export function nextTurn(): Promise<undefined> {
  return new Promise((resolve) => {
    setImmediate(() => resolve(undefined))
  })
}
