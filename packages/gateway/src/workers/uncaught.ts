/** How many different errors are told: a worker that lives long must not fill its memory with them. */
const MOST = 100

/**
 * The last line of defence of a worker: what is thrown outside of all exchanges, as in a timer of somebody's own, must not cost
 * those of everybody else in this thread. Called when the worker serves: before, an error ends it.
 * @param report told of each error once
 */
export function surviveUncaught(report: (message: string) => void): void {
  const told = new Set<string>()
  process.on('uncaughtException', (thrown: unknown) => {
    const reason = thrown instanceof Error ? (thrown.stack ?? thrown.message) : `a ${typeof thrown}`
    if (told.has(reason) || told.size >= MOST) return
    told.add(reason)
    report(`nobody caught an error, and it is not reported again; serving goes on: ${reason}`)
  })
}
