import type { SoakReport } from './soak.ts'

/** The report as a table, for people. */
export function describeSoak({ seed, ledger, findings, passed }: SoakReport): string {
  const { sent, answered, cut, cancelled, unheard, refused } = ledger.totals
  const rows = findings.map(({ ok, what, found, allowed }) => [ok ? 'ok' : 'FAIL', what, found, allowed])
  const lines = [
    `seed ${seed}: ${sent} exchanges = ${answered} answered + ${cut} cut off with their origin + ${cancelled} cancelled + ${unheard} sent too late;`,
    `${refused} requests refused before they were exchanges; ${ledger.lines} log lines`,
    '',
    ...table([['', 'what', 'found', 'allowed or expected'], ...rows]),
    '',
    passed ? 'PASS' : 'FAIL',
  ]
  return `${lines.join('\n')}\n`
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
