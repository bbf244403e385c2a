import type {
  BenchmarkResult,
  ContenderResult,
  FigureResult,
  GoalResult,
  LeftOut,
  WorkloadResult,
} from './results.ts'
import { own } from './peers/all.ts'
import { median, type Summary } from './statistics.ts'

/** The lines above the tables: what was measured, on what, by what. */
export function reportHeader(result: Omit<BenchmarkResult, 'workloads' | 'goals'>): string {
  const { machine, cores, settings, versions } = result
  const measured = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `machine        ${machine.processor}, ${machine.cores} cores, Linux ${machine.kernel}, Node ${machine.node}`,
    `cores          ${cores.note}`,
    `versions       ${measured.join(', ')}`,
    `settings       ${settings.rounds} rounds of ${settings.seconds} s, warm-up ${settings.warmup} s`,
    `load capacity  ${number(result.loadCapacity)} requests per CPU-second of load generator and origin, nothing between them`,
    ...reportLeftOut(result.leftOut),
  ].join('\n')
}

/** One line for each that did not take part. */
export function reportLeftOut(leftOut: readonly LeftOut[]): string[] {
  return leftOut.map(
    ({ name, workload, why }) => `left out       ${name}${workload ? ` (${workload})` : ''}: ${why}`,
  )
}

/** The tables of a workload, one per figure. */
export function reportWorkload(workload: WorkloadResult): string {
  const figures = workload.contenders[0]?.figures ?? []
  const tables = figures.map(({ name, better }, index) => {
    const rows = workload.contenders.flatMap((contender) => {
      const figure = contender.figures[index]
      return figure === undefined ? [] : [row(contender, figure)]
    })
    return `${name} (${better} is better)\n${table([headings(workload), ...rows])}`
  })
  const body = tables.length > 0 ? tables.join('\n\n') : 'nobody took part'
  return `\n## ${workload.name}: ${workload.title}\n\n${body}`
}

/** How Headgate compares with what it shall reach. */
export function reportGoals(goals: readonly GoalResult[]): string {
  const rows = goals.map(({ workload, who, to, measured, must, aim, met }) => [
    `${workload}: ${who}${to === undefined ? '' : ` to ${to}`}`,
    ratio(measured.median),
    span(measured, ratio),
    ratio(must),
    ratio(aim),
    met === 'missed' ? 'MISSED' : met,
  ])
  const headings = ['ratio, or figure', 'median', 'min..max', 'must', 'aim', 'met']
  return `\n## What Headgate shall reach\n\n${table([headings, ...rows])}`
}

function headings({ reference, contenders, subject = 'proxy' }: WorkloadResult): string[] {
  const withOwn = contenders.some(({ name }) => name === own.name)
  return [
    subject,
    'median',
    'min..max',
    `to ${reference}`,
    'min..max',
    withOwn ? `${own.name} to it` : '',
    `${subject} busy`,
    'load busy',
    'failures',
  ]
}

function row(contender: ContenderResult, { summary, toReference, ownToThis }: FigureResult): string[] {
  const rounds = contender.rounds.filter((round) => round !== null)
  const proxyBusy = median(rounds.map((round) => round.proxyCpuSeconds / round.seconds))
  const loadBusy = median(rounds.map((round) => round.loadCpuSeconds / round.seconds))
  return [
    contender.name,
    number(summary.median),
    span(summary, number),
    toReference ? ratio(toReference.median) : '',
    toReference ? span(toReference, ratio) : '',
    ownToThis ? ratio(ownToThis.median) : '',
    percent(proxyBusy),
    percent(loadBusy),
    failures(contender),
  ]
}

function failures({ rounds }: ContenderResult): string {
  const sums = new Map<string, number>()
  for (const round of rounds) {
    for (const [what, count] of Object.entries(round?.failures ?? {}))
      sums.set(what, (sums.get(what) ?? 0) + count)
  }
  if (sums.size === 0) return '0'
  return [...sums].map(([what, count]) => `${count} × ${what}`).join(', ')
}

function span({ min, max }: Summary, format: (value: number) => string): string {
  return `${format(min)}..${format(max)}`
}

function ratio(value: number): string {
  return value.toFixed(2)
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

function number(value: number): string {
  const digits = Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** A Markdown table, aligned for the terminal: the first column to the left, the figures to the right. */
function table(rows: readonly string[][]): string {
  const columns = (rows[0] ?? [])
    .map((_, index) => index)
    .filter((index) => rows.some((each) => each[index] !== ''))
  const widths = columns.map((index) => Math.max(...rows.map((each) => (each[index] ?? '').length)))
  const lines = rows.map((cells) => {
    const padded = columns.map((index, position) => {
      const width = widths[position] ?? 0
      return position === 0 ? (cells[index] ?? '').padEnd(width) : (cells[index] ?? '').padStart(width)
    })
    return `| ${padded.join(' | ')} |`
  })
  const rule = widths.map((width, position) =>
    position === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  )
  lines.splice(1, 0, `| ${rule.join(' | ')} |`)
  return lines.join('\n')
}
