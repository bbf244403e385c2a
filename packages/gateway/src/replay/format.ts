import type { LimitFigures } from './limit-estimate.ts'
import type { ReplayReport, Tally } from './replay.ts'

/** How many groups and reasons are shown. */
const MOST_SHOWN = 20

/** The report for people: what it comes to first, then what would change, by kind and line by line, then what is not known. */
export function formatReport(report: ReplayReport): string {
  return [
    summary(report),
    ...section('What would change', tallies(report.groups)),
    ...section(linesTitle(report), changedLines(report)),
    ...section('What cannot be told', tallies(report.reasons)),
    ...section('Rate limits, an estimate', report.limits.map(limitLine)),
    ...limitNote(report),
    ...section('Lines that are none of an access log', badLines(report)),
  ].join('\n')
}

function summary({ lines, same, changed, unsure, refused, bad }: ReplayReport): string {
  const rows: [number, string][] = [
    [lines, 'lines'],
    [same, 'the same'],
    [changed, 'would change'],
    [unsure, 'cannot be told'],
    [refused, 'were refused before a route was sought, and would be again'],
    [bad, 'cannot be read'],
  ]
  const shown = rows.filter(([count], index) => index < 3 || count > 0)
  const width = Math.max(...shown.map(([count]) => grouped(count).length))
  return shown.map(([count, what]) => `${grouped(count).padStart(width)}  ${what}\n`).join('')
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0
    ? []
    : [`${title}:\n${lines.map((line) => `  ${line.replaceAll('\n', '\\n')}\n`).join('')}`]
}

function tallies(list: readonly Tally[]): string[] {
  const shown = list.slice(0, MOST_SHOWN)
  const width = Math.max(0, ...shown.map(({ count }) => grouped(count).length))
  const rows = shown.map(
    ({ count, text, line }) => `${grouped(count).padStart(width)}  ${text} (first: line ${line})`,
  )
  const rest = list.slice(MOST_SHOWN)
  return rest.length === 0 ? rows : [...rows, `and ${grouped(rest.length)} more kinds`]
}

function linesTitle({ changed, changes }: ReplayReport): string {
  if (changes.length === changed) return 'Line by line'
  return `Line by line, the first ${grouped(changes.length)} (--limit shows more)`
}

function changedLines({ changes }: ReplayReport): string[] {
  return changes.map(({ line, request, changes: each }) => {
    const parts = each.map(({ what, from, to }) => `${what} ${from} → ${to}`)
    return `${line}: ${request}  ${parts.join(', ')}`
  })
}

function limitLine({ limit, allowed, limited, unknown }: LimitFigures): string {
  const untold = unknown === 0 ? '' : `; ${grouped(unknown)} without what its key is made of in the log`
  return `${limit} would refuse ${grouped(limited)} of ${grouped(allowed + limited)}${untold}`
}

function limitNote({ limits, limitedBefore }: ReplayReport): string[] {
  if (limits.length === 0) return []
  return [`  The log has ${grouped(limitedBefore)} that were refused by a rate limit.\n`]
}

function badLines({ bad, badLines: list }: ReplayReport): string[] {
  const rows = list.map(({ line, reason }) => `line ${line}: ${reason}`)
  return list.length < bad ? [...rows, `and ${grouped(bad - list.length)} more`] : rows
}

/** `1,234,567`, whatever the language of the machine. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US')
}
