import type { Ledger } from './ledger.ts'
import type { ThreadSample } from './probe.ts'
import { lowest, type Point, trend } from './trend.ts'

/** One row of the report. */
export interface Finding {
  readonly what: string
  readonly found: string
  readonly allowed: string
  readonly ok: boolean
}

/** All that was observed. */
export interface Observed {
  /** Open file descriptors before and after. */
  readonly base: number
  readonly left: number
  readonly samples: readonly ThreadSample[]
  readonly resident: readonly Point[]
  /** Of the load, in milliseconds since 1970. */
  readonly started: number
  readonly ended: number
  /** From when on memory is judged. */
  readonly judgedFrom: number
  readonly metrics: ReadonlyMap<string, number>
  readonly ledger: Ledger
  readonly exitCode: number | null
}

const MIB = 1024 * 1024
/** How much a fitted line may rise within the judged part, however long that is. */
const HEAP_GROWTH = 2 * MIB
const BUFFER_GROWTH = 4 * MIB
const RESIDENT_GROWTH = 32 * MIB
/** Of the judged part, of each of which the lowest sample of buffers counts. */
const SPANS = 6

/** Holds what was observed against the bounds. */
export function judge(observed: Observed): Finding[] {
  return [...memory(observed), ...leftovers(observed), ...books(observed)]
}

function memory({ samples, resident, judgedFrom, ended }: Observed): Finding[] {
  const judged = (points: readonly Point[]): Point[] =>
    points.filter(({ time }) => time >= judgedFrom && time <= ended)
  const findings = [grown('resident memory', judged(resident), RESIDENT_GROWTH)]
  for (const thread of threads(samples)) {
    const own = samples.filter((sample) => sample.thread === thread)
    const series = (kind: 'heap' | 'buffers'): Point[] =>
      judged(own.map((sample) => ({ time: sample.time, value: sample[kind] })))
    findings.push(grown(`heap of thread ${thread}`, series('heap'), HEAP_GROWTH))
    findings.push(grown(`buffers of thread ${thread}`, lowest(series('buffers'), SPANS), BUFFER_GROWTH))
  }
  return findings
}

function grown(what: string, points: readonly Point[], allowed: number): Finding {
  const inMib = (bytes: number): string => (bytes / MIB).toFixed(1)
  const line = trend(points)
  if (line === undefined) {
    const found = `not enough samples to judge: ${points.length}`
    return { what: `${what}: growth`, found, allowed: `${inMib(allowed)} MiB`, ok: false }
  }
  const { first, last, highest, growth } = line
  const found = `${inMib(growth)} MiB (${inMib(first)} to ${inMib(last)}, highest ${inMib(highest)})`
  return { what: `${what}: growth`, found, allowed: `${inMib(allowed)} MiB`, ok: growth <= allowed }
}

function threads(samples: readonly ThreadSample[]): number[] {
  return [...new Set(samples.map(({ thread }) => thread))].sort((a, b) => a - b)
}

/** What is still open when all has ended. */
function leftovers({ base, left, samples, metrics, started }: Observed): Finding[] {
  const findings = [exactly('file descriptors left', left, base)]
  for (const thread of threads(samples)) {
    const own = samples.filter((sample) => sample.thread === thread)
    const before = own.findLast(({ time }) => time <= started)?.active ?? {}
    const after = own.at(-1)?.active ?? {}
    findings.push(exactly(`handles of thread ${thread} left`, shown(after), shown(before)))
  }
  for (const gauge of ['headgate_requests_active', 'headgate_downstream_connections_active'])
    findings.push(exactly(`${gauge} left`, sum(metrics, gauge), 0))
  findings.push(exactly('worker crashes', sum(metrics, 'headgate_worker_crashes_total'), 0))
  return findings
}

/** Whether driver, access log and metrics tell the same. */
function books({ ledger, metrics, exitCode }: Observed): Finding[] {
  const findings = [
    exactly('exchanges not accounted for', ledger.mistakes.join('; ') || 'none', 'none'),
    refusals(ledger),
    exactly('log lines dropped', sum(metrics, 'headgate_access_log_dropped_total'), 0),
  ]
  for (const [name, count] of byName(ledger.classes))
    findings.push(exactly(`requests counted ${name}`, sum(metrics, 'headgate_requests_total', name), count))
  for (const [code, count] of byName(ledger.errors))
    findings.push(exactly(`errors ${code}`, sum(metrics, 'headgate_request_errors_total', code), count))
  for (const [word, count] of byName(ledger.cached))
    findings.push(
      exactly(`requests at the cache: ${word}`, sum(metrics, 'headgate_cache_requests_total', word), count),
    )
  const cached = [...ledger.cached.values()].reduce((total, count) => total + count, 0)
  findings.push(
    exactly('requests at the cache in all', sum(metrics, 'headgate_cache_requests_total'), cached),
  )
  const errors = [...ledger.errors.values()].reduce((total, count) => total + count, 0)
  findings.push(exactly('errors in all', sum(metrics, 'headgate_request_errors_total'), errors))
  findings.push(exactly('exit code', exitCode ?? 'a signal', 0))
  return findings
}

function refusals({ refusedLines, totals: { refused }, maybeRefused }: Ledger): Finding {
  const most = refused + maybeRefused
  const allowed = maybeRefused === 0 ? `${refused}` : `${refused} to ${most}`
  const ok = refusedLines >= refused && refusedLines <= most
  return { what: 'log lines of refused requests', found: `${refusedLines}`, allowed, ok }
}

function byName(counts: ReadonlyMap<string, number>): [name: string, count: number][] {
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
}

function exactly(what: string, found: number | string, allowed: number | string): Finding {
  return { what, found: String(found), allowed: String(allowed), ok: found === allowed }
}

function shown(active: Readonly<Record<string, number>>): string {
  const kinds = Object.entries(active).sort(([a], [b]) => (a < b ? -1 : 1))
  return kinds.map(([kind, count]) => `${count} ${kind}`).join(', ') || 'none'
}

/** The sum of all series of that name, or of those with that label value. */
function sum(metrics: ReadonlyMap<string, number>, name: string, label?: string): number {
  let total = 0
  for (const [series, value] of metrics) {
    if (series !== name && !series.startsWith(`${name}{`)) continue
    if (label === undefined || series.includes(`="${label}"`)) total += value
  }
  return total
}
