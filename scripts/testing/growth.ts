import { strict as assert } from 'node:assert'
import { cpuTimeOf } from './cpu-time.ts'

/** What else the machine does can make a work look slow in one round, and hardly in all of them. */
const ROUNDS = 8
/** Eight times the size may take so many times the work; its square is 64 times. */
const MOST_GROWTH = 20

/**
 * Asserts that the CPU time of a work grows with its size, and not with the square of it. One round of several in which it does is
 * enough, since others on the machine only ever add to it.
 * @param work what is measured, made ready by `prepare` outside of the measurement
 * @param least milliseconds below which a small size counts as so much: the clock goes in steps
 */
export function assertGrowsLinearly<Input>(
  prepare: (size: number) => Input,
  work: (input: Input) => void,
  { size, least = 2 }: { readonly size: number; readonly least?: number },
): void {
  const cost = (count: number): number => {
    const input = prepare(count)
    return cpuTimeOf(() => work(input))
  }
  const seen: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const [one, eight] = [cost(size), cost(8 * size)]
    if (eight < MOST_GROWTH * Math.max(one, least)) return
    seen.push(`${one} and ${eight}`)
  }
  assert.fail(`${size} and ${8 * size} took, in milliseconds: ${seen.join('; ')}`)
}
