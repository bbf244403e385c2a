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
