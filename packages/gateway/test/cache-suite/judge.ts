import type { SuiteResults, SuiteTest } from './suite.ts'

/**
 * What a result means, by the suite's own rules (`determineTestResult` of its lib/display.mjs). It judges nothing where another test
 * that this one depends on was not passed, where something came between (`setup`), or where the cache tried again.
 */
export type Verdict = 'passed' | 'failed' | 'not judged'

export function judge(tests: readonly SuiteTest[], results: SuiteResults): ReadonlyMap<string, Verdict> {
  const byId = new Map(tests.map((test) => [test.id, test]))
  const verdictOf = (id: string): Verdict => {
    const result = results[id]
    if (result === undefined) return 'not judged'
    const depends = byId.get(id)?.depends_on ?? []
    if (depends.some((each) => verdictOf(each) !== 'passed')) return 'not judged'
    if (result === true) return 'passed'
    return result[0] === 'Setup' ? 'not judged' : 'failed'
  }
  return new Map(tests.map(({ id }) => [id, verdictOf(id)]))
}

/** How many of a kind were passed, and so on. */
export type Totals = Readonly<Record<Verdict, number>>

export function totals(
  tests: readonly SuiteTest[],
  verdicts: ReadonlyMap<string, Verdict>,
  kind: 'required' | 'optimal',
): Totals {
  const count = { passed: 0, failed: 0, 'not judged': 0 }
  for (const test of tests)
    if ((test.kind ?? 'required') === kind) count[verdicts.get(test.id) ?? 'not judged']++
  return count
}
