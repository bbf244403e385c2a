import { Generator } from './generator.ts'
import type { Input } from './input.ts'
import { runCase } from './run-case.ts'
import { literal, shrink } from './shrink.ts'
import { emptyTally, type Tally } from './tally.ts'

/** Cases between looks at the clock. */
const BATCH = 500

/** A case that went wrong, as small as it could be made. */
export interface Finding {
  readonly seed: number
  /** Which case of that seed, from 0. */
  readonly index: number
  readonly input: Input
  readonly verdict: string
}

export interface Campaign {
  readonly tally: Tally
  readonly finding: Finding | undefined
  /** How long it took, in milliseconds. */
  readonly took: number
}

/**
 * Runs the cases of a seed until the time is up or one goes wrong.
 * @param time in milliseconds
 * @param most cases
 * @param report called now and then with what was counted so far
 */
export async function campaign(
  seed: number,
  time: number,
  most: number = Infinity,
  report: (tally: Tally, took: number) => void = () => {},
): Promise<Campaign> {
  const generator = new Generator(seed)
  const tally = emptyTally()
  const start = performance.now()
  const { stackTraceLimit } = Error
  // Each refusal of llhttp is an Error, and nobody reads where it was made.
  Error.stackTraceLimit = 0
  try {
    for (let index = 0; index < most; index++) {
      if (index % BATCH === 0) {
        const took = performance.now() - start
        if (took >= time) break
        report(tally, took)
      }
      const input = generator.next()
      const verdict = await verdictOn(input, tally)
      if (verdict === undefined) continue
      return { tally, finding: await smallest(seed, index, input, verdict), took: performance.now() - start }
    }
    return { tally, finding: undefined, took: performance.now() - start }
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** A parser that throws is a finding, too. */
async function verdictOn(input: Input, tally: Tally): Promise<string | undefined> {
  try {
    return await runCase(input, tally)
  } catch (thrown) {
    return `throws ${String(thrown)}`
  }
}

async function smallest(seed: number, index: number, input: Input, verdict: string): Promise<Finding> {
  const shrunk = await shrink(input, (candidate) => verdictOn(candidate, emptyTally()))
  return { seed, index, input: shrunk, verdict: (await verdictOn(shrunk, emptyTally())) ?? verdict }
}

/** What was found, with all that it takes to see it again. */
export function describeFinding({ seed, index, input, verdict }: Finding): string {
  const { bytes, cuts, lowLimits, whole, answers } = input
  const how = [
    answers === undefined ? 'as requests' : `as a response to ${JSON.stringify(answers)}`,
    ...(cuts.length > 0 ? [`cut at ${cuts.join(', ')}`] : []),
    ...(lowLimits ? ['with low limits'] : []),
    ...(whole ? ['through a whole connection'] : []),
  ]
  return `seed ${seed}, case ${index}, ${how.join(', ')}:\n  ${literal(bytes)}\n${verdict}`
}

/** What was counted, a line each. */
export function describeTally(tally: Tally, took: number): string {
  const { differences, ...counts } = tally
  const lines = Object.entries(counts).map(([name, count]) => `${name}: ${count}`)
  for (const [name, count] of differences) lines.push(`difference ${name}: ${count}`)
  return `${lines.join('\n')}\nrate: ${Math.round((tally.cases / took) * 1000)} cases a second`
}
