import { createHash } from 'node:crypto'
import type { EndpointStats, Upstream } from '@headgate/core'
import {
  type AdminAnswer,
  type AdminRequest,
  ifHash,
  json,
  operation,
  problem,
} from '../admin-api/operation.ts'
import {
  type Described,
  FLAG,
  list,
  members,
  NUMBER,
  oneOf,
  type Schema,
  TEXT,
  TIME,
  WHOLE,
} from '../admin-api/schema.ts'
import { redactUrls } from '../settings/redact-text.ts'
import type { HealthChecks } from '../upstreams/health-checks.ts'
import type { CompiledUpstream } from '../upstreams/upstreams.ts'
import { question, type Survey, type SurveySource } from './survey.ts'

/** What is summed over all workers. */
const SUMS = [
  'active',
  'idle',
  'connecting',
  'pending',
  'exchanges',
  'opened',
  'openedHttp2',
  'closed',
  'reused',
  'failed',
  'ejections',
  'spills',
] as const
type Sums<Value> = Readonly<Record<(typeof SUMS)[number], Value>>

export const MARKS = ['up', 'draining', 'down'] as const

/** How the last check of an endpoint ended, and when; `took` in milliseconds. */
export const LAST_CHECK = members({
  time: TIME,
  took: WHOLE,
  outcome: oneOf('passed', 'failed'),
  'reason?': TEXT,
})
const UPSTREAM = {
  name: TEXT,
  /** Whether its endpoints are checked. */
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
      ...(Object.fromEntries(SUMS.map((name) => [name, WHOLE])) as Sums<Schema<number>>),
    }),
  ),
}
const ONE = members(UPSTREAM)
const UPSTREAMS = members({ workers: WHOLE, upstreams: list(ONE) })

export type UpstreamsAnswer = Described<typeof UPSTREAMS>

/** How the pools of a worker are, by the names of the upstreams. */
type PoolReport = ReadonlyMap<string, readonly EndpointStats[]>

const pools = question(
  'inspect',
  ({ gateway }): PoolReport =>
    new Map(Array.from(gateway.snapshot.upstreams, ([name, { upstream }]) => [name, upstream.stats()])),
)

/** Upstreams and their endpoints, over all workers. */
export const upstreams: Survey = {
  questions: [pools],
  operations: (source) => [
    operation({
      method: 'GET',
      path: '/upstreams',
      about: 'upstreams and their endpoints: status, weight and connections, over all workers',
      id: 'listUpstreams',
      result: UPSTREAMS,
      answers: { 200: 'the upstreams' },
      async handle() {
        const reports = await poolReports(source)
        const shown = Array.from(source.upstreams, ([name, { upstream }]) =>
          upstreamView(name, upstream, reports, source),
        )
        return json({ workers: reports.length, upstreams: shown })
      },
    }),
    operation({
      method: 'GET',
      path: '/upstreams/{upstream}',
      about: 'one of them; its ETag is for If-Match of whatever changes it',
      id: 'getUpstream',
      result: members({ workers: WHOLE, ...UPSTREAM }),
      etag: true,
      answers: { 200: 'the upstream', 404: 'there is no such upstream' },
      async handle({ params }) {
        const name = params['upstream'] ?? ''
        if (!source.upstreams.has(name)) return noUpstream()
        const reports = await poolReports(source)
        // Here again: it may have changed meanwhile, and what is shown must be what the ETag is of.
        const compiled = source.upstreams.get(name)
        if (compiled === undefined) return noUpstream()
        const upstream = upstreamView(name, compiled.upstream, reports, source)
        return json({ workers: reports.length, ...upstream }, { etag: upstreamEtag(compiled, source.checks) })
      },
    }),
  ],
}

/** How the pools of each worker are; of those that answer. */
export async function poolReports({ ask }: Pick<SurveySource, 'ask'>): Promise<PoolReport[]> {
  const reports = await ask(pools)
  return reports.map(({ answer }) => answer)
}

function upstreamView(
  name: string,
  upstream: Upstream,
  reports: readonly PoolReport[],
  source: SurveySource,
): Described<typeof ONE> {
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
export function lastCheck(stats: EndpointStats | undefined): {
  readonly lastCheck?: Described<typeof LAST_CHECK>
} {
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

function sums(stats: readonly (EndpointStats | undefined)[]): Sums<number> {
  const all = SUMS.map((name) => [name, stats.reduce((sum, each) => sum + (each?.[name] ?? 0), 0)])
  return Object.fromEntries(all) as Sums<number>
}

/**
 * The ETag of what is set for an upstream, by its configuration and by hand. Not of what becomes of it by itself, as health:
 * else no condition would hold for long.
 */
export function upstreamEtag({ identity, upstream }: CompiledUpstream, checks: HealthChecks): string {
  const set = upstream.endpoints.map(({ name, marked, weight }) => [name, marked, weight])
  const text = JSON.stringify([identity, set, checks.isPausedFor(upstream.name)])
  return `"${createHash('sha256').update(text).digest('hex').slice(0, 16)}"`
}

/** The refusal, if the upstream is not as If-Match says. */
export function notAsExpected(request: AdminRequest, etag: string): AdminAnswer<never> | undefined {
  const expected = ifHash(request)
  if (expected === undefined || `"${expected}"` === etag) return undefined
  const detail = `the upstream has been changed since: it has the ETag ${etag} now, see GET /upstreams/{upstream}`
  return problem(412, 'Precondition failed', detail, { etag })
}

export function noUpstream(): AdminAnswer<never> {
  return problem(404, 'Not found', 'there is no such upstream: GET /upstreams lists them')
}
