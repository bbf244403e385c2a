import { judge, type Totals, totals, type Verdict } from './judge.ts'
import { publishedCaches, runSuite, type SuiteResults, type SuiteTest, suiteTests } from './suite.ts'

/** A test that must, or should, be passed, and is not. */
export interface NotPassed {
  readonly id: string
  readonly kind: 'required' | 'optimal'
  readonly verdict: Verdict
  readonly message: string
}

export interface CacheSuiteReport {
  /** Of Headgate's cache. */
  readonly required: Totals
  readonly optimal: Totals
  readonly notPassed: readonly NotPassed[]
  /** Beside the caches that the suite comes with, in Markdown. */
  readonly table: string
}

/** Runs the suite, once in a process. */
export async function cacheSuiteReport(): Promise<CacheSuiteReport> {
  const tests = await suiteTests()
  const results = await runSuite(tests)
  const verdicts = judge(tests, results)
  const own = { name: 'Headgate', version: '', results }
  // A browser's cache is for one, and has other duties.
  const others = (await publishedCaches()).filter(({ type }) => type !== 'browser')
  return {
    required: totals(tests, verdicts, 'required'),
    optimal: totals(tests, verdicts, 'optimal'),
    notPassed: tests.flatMap((test) => notPassed(test, verdicts, results)),
    table: tableOf(tests, [own, ...others]),
  }
}

function notPassed(
  { id, kind = 'required' }: SuiteTest,
  verdicts: ReadonlyMap<string, Verdict>,
  results: SuiteResults,
): NotPassed[] {
  const verdict = verdicts.get(id) ?? 'not judged'
  if (verdict === 'passed' || kind === 'check') return []
  const result = results[id]
  return [{ id, kind, verdict, message: typeof result === 'object' ? result[1] : '' }]
}

interface Row {
  readonly name: string
  readonly version: string
  readonly results: SuiteResults
}

function tableOf(tests: readonly SuiteTest[], caches: readonly Row[]): string {
  const rows = caches.map(({ name, version, results }) => {
    const verdicts = judge(tests, results)
    const cells = (['required', 'optimal'] as const).map((kind) => {
      const { passed, failed, 'not judged': open } = totals(tests, verdicts, kind)
      return `${passed} \\| ${failed} \\| ${open}`
    })
    return `| ${[`${name} ${version}`.trim(), ...cells].join(' | ')} |`
  })
  return ['| cache | required | optional |', '| --- | --- | --- |', ...rows].join('\n')
}
