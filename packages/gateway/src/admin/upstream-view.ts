import type { EndpointStats, Upstream } from '@headgate/core'
import { redactUrls } from '../settings/redact-text.ts'
import type { UpstreamReport } from '../workers/protocol.ts'
import { FLAG, list, members, NUMBER, oneOf, type Schema, TEXT, TIME, WHOLE } from './schemas.ts'
import type { UpstreamsSource } from './upstream-state.ts'

interface UpstreamView {
  readonly name: string
  /** Whether its endpoints are checked. */
  readonly checks: 'none' | 'running' | 'paused'
  readonly endpoints: readonly Readonly<Record<string, unknown>>[]
}

interface CheckView {
  /** When it ended. */
  readonly time: string
  /** Milliseconds. */
  readonly took: number
  readonly outcome: 'passed' | 'failed'
  readonly reason?: string
}

/** What is summed over all workers. */
const SUMS = [
  'active',
  'idle',
  'connecting',
  'pending',
  'opened',
  'closed',
  'reused',
  'failed',
  'ejections',
  'spills',
] as const

export const MARKS = ['up', 'draining', 'down'] as const

export const LAST_CHECK: Schema = members({
  time: TIME,
  took: WHOLE,
  outcome: oneOf('passed', 'failed'),
  'reason?': TEXT,
})
/** As `upstreamView` makes it. */
export const UPSTREAM: Readonly<Record<string, Schema>> = {
  name: TEXT,
  checks: oneOf('none', 'running', 'paused'),
  endpoints: list(
    members({
      endpoint: TEXT,
      source: TEXT,
      weight: WHOLE,
      priority: WHOLE,
      'zone?': TEXT,
      levelShare: NUMBER,
      marked: oneOf(...MARKS),
      healthy: FLAG,
      status: TEXT,
      'lastCheck?': LAST_CHECK,
      ...Object.fromEntries(SUMS.map((name) => [name, WHOLE])),
    }),
  ),
}
/** How an upstream is, over all workers. */
export function upstreamView(
  name: string,
  upstream: Upstream,
  reports: readonly UpstreamReport[],
  source: UpstreamsSource,
): UpstreamView {
  // Of this thread, which checks for all.
  const checked = upstream.stats()
  const { checks } = source
  const origins = source.originsOf(upstream)
  return {
    name: redactUrls(name),
    checks: upstream.isChecked ? (checks.isPausedFor(name) ? 'paused' : 'running') : 'none',
    endpoints: upstream.endpoints.map((each, index) => {
      const { name: endpoint, weight, priority, zone, marked, healthy, status } = each
      // A worker may be about to hear of a change.
      const stats = reports.map((report) => report.get(name)?.find((one) => one.endpoint === endpoint))
      return {
        endpoint,
        source: origins[index] ?? 'configured',
        weight,
        priority,
        ...(zone !== undefined && { zone }),
        levelShare: average(stats.map((one) => one?.levelShare ?? 0)),
        marked,
        healthy,
        // Ejections and circuits are each worker's own judgement.
        status: status === 'up' ? statusOf(stats) : status,
        ...lastCheck(checked[index]),
        ...sums(stats),
      }
    }),
  }
}

/** How the last check of an endpoint ended; nothing where there was none. */
export function lastCheck(stats: EndpointStats | undefined): { readonly lastCheck?: CheckView } {
  const last = stats?.lastCheck
  if (last === undefined) return {}
  const { time, took, failure } = last
  const outcome = failure === undefined ? 'passed' : 'failed'
  const ended = { time: new Date(time).toISOString(), took: Math.round(took), outcome } as const
  return { lastCheck: failure === undefined ? ended : { ...ended, reason: failure } }
}

/** Failures in a row from which on an endpoint is said to fail; as many as the default of `outliers.consecutiveFailures`. */
const FAILING = 5

function statusOf(stats: readonly (EndpointStats | undefined)[]): string {
  const [first] = stats
  const isShared = stats.every((each) => each?.status === first?.status)
  const known = first !== undefined && isShared ? first.status : 'up'
  if (known === 'ejected' || known === 'circuit-open') return known
  return isFailing(stats.filter((each) => each !== undefined)) ? 'failing' : 'up'
}

/**
 * It takes exchanges, since it is alone, or too many have been ejected, or none is; but nothing comes of them. In every
 * worker that has sent it some.
 */
function isFailing(stats: readonly EndpointStats[]): boolean {
  const tried = stats.filter(
    ({ opened, failed, consecutiveFailures }) => opened > 0 || failed > 0 || consecutiveFailures > 0,
  )
  const failures = tried.map(({ consecutiveFailures, opened, failed }) =>
    consecutiveFailures > 0 || opened > 0 ? consecutiveFailures : failed,
  )
  return failures.reduce((sum, each) => sum + each, 0) >= FAILING && failures.every((each) => each > 0)
}

/** To three digits. */
function average(shares: readonly number[]): number {
  const sum = shares.reduce((total, each) => total + each, 0)
  return shares.length === 0 ? 0 : Math.round((sum / shares.length) * 1_000) / 1_000
}

function sums(stats: readonly (EndpointStats | undefined)[]): Record<string, number> {
  return Object.fromEntries(
    SUMS.map((name) => [name, stats.reduce((sum, each) => sum + (each?.[name] ?? 0), 0)]),
  )
}
