import type { Case } from './case.ts'
import { listed, unlisted } from './compare.ts'
import { generateCase } from './generate.ts'
import type { Comparison, Difference } from './outcome.ts'
import { Stage } from './stage.ts'

export interface Finding {
  readonly given: Case
  readonly differences: readonly Difference[]
}

export interface Tally {
  readonly cases: number
  readonly findings: readonly Finding[]
  /** How many cases show each intended difference. */
  readonly intended: ReadonlyMap<string, number>
}

export interface CampaignOptions {
  readonly seed: number
  readonly cases: number
  readonly fetch: typeof globalThis.fetch
  /** Findings to stop at. Default 5. */
  readonly most?: number
  readonly progress?: (cases: number) => void
}

/** Cases that run at the same time, each on the platform's fetch first and on the client's then. */
const AT_ONCE = 12

/** Runs cases of seeds in a row on both, and compares. */
export async function campaign({ seed, cases, fetch, most = 5, progress }: CampaignOptions): Promise<Tally> {
  const stage = new Stage()
  await stage.open()
  const findings: Finding[] = []
  const intended = new Map<string, number>()
  let next = seed
  const work = async (): Promise<void> => {
    while (next < seed + cases && findings.length < most) {
      const given = generateCase(next++)
      const platform = await stage.run(given, globalThis.fetch)
      let comparison = { given, platform, client: await stage.run(given, fetch) }
      let differences = unlisted(comparison)
      for (let times = 0; times < 2 && differences.length > 0 && isChance(comparison); times++) {
        comparison = { ...comparison, platform: await stage.run(given, globalThis.fetch) }
        differences = unlisted(comparison)
      }
      if (differences.length > 0) findings.push({ given, differences })
      for (const name of listed(comparison)) intended.set(name, (intended.get(name) ?? 0) + 1)
      progress?.(next - seed)
    }
  }
  // What is thrown is compared by its kind, and thousands of stacks that nobody reads cost as much as the calls.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    stage.close()
  }
  return { cases: next - seed, findings, intended }
}

/**
 * Whether the platform's call failed and the client's did not: on a busy machine, Node's own fails now and then (once in 100,000
 * calls) on a connection that is closed while it takes it. What it does when it is called again counts.
 */
function isChance({ platform, client }: Comparison): boolean {
  return platform.got.threw === 'TypeError: fetch failed' && client.got.threw === undefined
}

/** For people: enough to run it again, and to see what it is. */
export function describeFinding({ given, differences }: Finding): string {
  const short = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, 400)
  const lines = differences.map(
    ({ place, platform, client }) =>
      `  ${place}\n    the platform: ${short(platform)}\n    the client:   ${short(client)}`,
  )
  const scripts = given.scripts.map((script) => short({ ...script, content: script.content.length }))
  return [`case ${given.seed}: ${short(given.request)} read as ${given.reading}`, ...scripts, ...lines].join(
    '\n',
  )
}
