import { strict as assert } from 'node:assert'

/** What else the machine does can make a work look slow in one round, and hardly in all of them. */
const ROUNDS = 8

/**
 * Asserts that eight times the size takes about eight times the CPU time of this thread, and not its square: 64 times. One round of
 * several in which it does is enough, since others on the machine only ever add to it.
 * @param work what is measured, made ready by `prepare` outside of the measurement
 * @param least microseconds below which a small size counts as so much: the clock of a thread's CPU goes in steps of some milliseconds
 */
export function assertLinear<Input>(
  prepare: (size: number) => Input,
  work: (input: Input) => void,
  { size, least = 2_000 }: { readonly size: number; readonly least?: number },
): void {
  const cost = (count: number): number => {
    const input = prepare(count)
    const before = process.threadCpuUsage()
    work(input)
    const { user, system } = process.threadCpuUsage(before)
    return user + system
  }
  const seen: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const [one, eight] = [cost(size), cost(8 * size)]
    if (eight < 24 * Math.max(one, least)) return
    seen.push(`${one} and ${eight}`)
  }
  assert.fail(`${size} and ${8 * size} took, in microseconds: ${seen.join('; ')}`)
}
