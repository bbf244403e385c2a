/**
 * Milliseconds of CPU time that this thread took for it: other than the clock, it does not go on while others compute. It goes in steps
 * of some milliseconds.
 */
export function cpuTimeOf(work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

/** The same for work that waits: what else this thread does meanwhile counts, too, so that the best of several rounds is the one to judge. */
export async function cpuTimeDuring(work: () => Promise<void>): Promise<number> {
  const before = process.threadCpuUsage()
  await work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}
