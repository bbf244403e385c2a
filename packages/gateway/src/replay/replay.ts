import type { GatewayConfig } from '../config/schema/schema.ts'
import { type Change, compare, type Comparison, recordedVerdict } from './compare.ts'
import { Evaluator } from './evaluator.ts'
import type { LimitFigures } from './limit-estimate.ts'
import { readLine, type RecordedRequest } from './recorded-request.ts'

/** A request for which something would be different. */
export interface ChangedLine {
  readonly line: number
  readonly request: string
  readonly changes: readonly Change[]
}

/** How many requests have the same in common. */
export interface Tally {
  readonly text: string
  readonly count: number
  /** The first one. */
  readonly line: number
}

export interface ReplayReport {
  /** All lines of the log, empty ones left out. */
  readonly lines: number
  readonly same: number
  readonly changed: number
  readonly unsure: number
  /** Refused before they were understood. */
  readonly refused: number
  readonly bad: number
  /** By what would change, the most frequent first. */
  readonly groups: readonly Tally[]
  /** By why it cannot be told. */
  readonly reasons: readonly Tally[]
  readonly badLines: readonly { readonly line: number; readonly reason: string }[]
  /** The first ones. */
  readonly changes: readonly ChangedLine[]
  readonly limits: readonly LimitFigures[]
  /** Requests that the log says were refused by a rate limit. */
  readonly limitedBefore: number
}

/** What is kept of each kind: a log of a million lines must not need the memory of a million changes. */
const MOST_KINDS = 1000
const MOST_BAD = 10

export interface ReplayOptions {
  readonly against: GatewayConfig
  /** To compare with in place of what the log says. */
  readonly before?: GatewayConfig | undefined
  /** How many changed lines are kept. */
  readonly limit: number
}

/** Asks for each line of a log what would become of the request, and counts what would be different. */
export class Replay {
  private readonly after: Evaluator
  private readonly before: Evaluator | undefined
  private readonly limit: number
  private readonly groups = new Tallies()
  private readonly reasons = new Tallies()
  private readonly badLines: { line: number; reason: string }[] = []
  private readonly changes: ChangedLine[] = []
  private readonly counts = { lines: 0, same: 0, changed: 0, unsure: 0, refused: 0, bad: 0, limitedBefore: 0 }
  private line = 0

  constructor({ against, before, limit }: ReplayOptions) {
    this.after = new Evaluator(against)
    this.before = before && new Evaluator(before)
    this.limit = limit
  }

  get report(): ReplayReport {
    const { groups, reasons, badLines, changes } = this
    const limits = this.after.limits.figures
    return { ...this.counts, groups: groups.sorted, reasons: reasons.sorted, badLines, changes, limits }
  }

  async take(text: string): Promise<void> {
    this.line++
    if (text.trim() === '') return
    this.counts.lines++
    const recorded = readLine(text, this.line)
    if ('request' in recorded) return this.judge(recorded)
    if (recorded.kind === 'bad') {
      this.counts.bad++
      if (this.badLines.length < MOST_BAD) this.badLines.push({ line: this.line, reason: recorded.reason })
    } else if (recorded.kind === 'refused') this.counts.refused++
    else this.unsure('the path is longer than what the log records of it')
  }

  private async judge(recorded: RecordedRequest): Promise<void> {
    const { outcome } = recorded
    if (outcome.error === 'rate_limited') this.counts.limitedBefore++
    const before = this.before === undefined ? recordedVerdict(outcome) : await this.before.judge(recorded)
    const comparison = compare(before, await this.after.judge(recorded))
    if (comparison.kind === 'same') this.counts.same++
    else if (comparison.kind === 'unsure') this.unsure(comparison.reason)
    else this.changed(recorded, comparison)
  }

  private unsure(reason: string): void {
    this.counts.unsure++
    this.reasons.add(reason, this.line)
  }

  private changed(
    { request }: RecordedRequest,
    { route, changes }: Extract<Comparison, { kind: 'changed' }>,
  ): void {
    this.counts.changed++
    this.groups.add(groupOf(route, changes), this.line)
    if (this.changes.length >= this.limit) return
    const { method, authority, path, query } = request
    this.changes.push({ line: this.line, request: `${method} ${authority.text}${path}${query}`, changes })
  }
}

/** Targets differ from request to request: that they do is what requests have in common. */
function groupOf(route: string, changes: readonly Change[]): string {
  const parts = changes.map(({ what, from, to }) =>
    what === 'target' ? 'target' : `${what} ${from} → ${to}`,
  )
  const isNamed = changes.some(({ what }) => what === 'route')
  return `${isNamed ? '' : `route ${route}: `}${parts.join(', ')}`
}

class Tallies {
  private readonly tallies = new Map<string, { text: string; count: number; readonly line: number }>()

  get sorted(): Tally[] {
    return [...this.tallies.values()].sort((one, other) => other.count - one.count || one.line - other.line)
  }

  add(text: string, line: number): void {
    const key = this.tallies.size < MOST_KINDS || this.tallies.has(text) ? text : 'others'
    const known = this.tallies.get(key)
    if (known === undefined) this.tallies.set(key, { text: key, count: 1, line })
    else known.count++
  }
}
