import { createHash } from 'node:crypto'
import type { Upstream } from '@headgate/core'
import type { HealthChecks } from '../upstreams/health-checks.ts'
import type { CompiledUpstream, CompiledUpstreams } from '../upstreams/upstreams.ts'
import type { UpstreamReport } from '../workers/protocol.ts'
import { type AdminAnswer, type AdminRequest, problem } from './endpoint.ts'
import { ifHash } from './outcome.ts'

/** What is asked of the supervisor. */
export interface UpstreamsSource {
  /** They share their state with those of the workers. */
  readonly upstreams: CompiledUpstreams
  readonly checks: HealthChecks
  /** Where the endpoints of an upstream come from, in their order. */
  originsOf(upstream: Upstream): readonly string[]
  /** How the pools of each worker are. */
  inspect(): Promise<UpstreamReport[]>
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
export function notAsExpected(request: AdminRequest, etag: string): AdminAnswer | undefined {
  const expected = ifHash(request)
  if (expected === undefined || `"${expected}"` === etag) return undefined
  const detail = `the upstream has been changed since: it has the ETag ${etag} now, see GET /upstreams/{upstream}`
  return problem(412, 'Precondition failed', detail, { etag })
}

export function noUpstream(): AdminAnswer {
  return problem(404, 'Not found', 'there is no such upstream: GET /upstreams lists them')
}
