import type { GatewayConfig } from '../config/schema/schema.ts'
import { redactUrls } from '../settings/redact-text.ts'
import type { ConcurrencyConfig } from '../config/schema/resilience-schema.ts'
import { resolveUpstreams } from '../config/resolve/upstreams.ts'
import type { LimiterReport } from '../resilience/limiter-report.ts'
import { routeLimiter, upstreamLimiter } from '../resilience/metrics.ts'
import type { Surveyed } from '../workers/survey.ts'
import { type AdminOperation, json } from './endpoint.ts'
import { list, members, TEXT, WHOLE } from './schemas.ts'

const WORKER = members({ worker: WHOLE, limit: WHOLE, active: WHOLE, queued: WHOLE })
const LIMIT = members({
  'upstream?': TEXT,
  'route?': TEXT,
  limit: { oneOf: [{ const: 'adaptive' }, WHOLE] },
  queue: WHOLE,
  workers: list(WORKER),
})
const LIMITS = members({ limits: list(LIMIT) })

/** What is asked of the supervisor. */
export interface ConcurrencySource {
  readonly config: GatewayConfig
  limiters(): Promise<Surveyed<ReadonlyMap<string, LimiterReport>>[]>
}

/** `GET /concurrency`: the concurrency limits in force. */
export function concurrencyLimits(source: ConcurrencySource): AdminOperation {
  return {
    method: 'GET',
    path: '/concurrency',
    about: 'concurrency limits: how far each is used in each worker, and where adaptive ones stand',
    description: { id: 'listConcurrencyLimits', result: LIMITS, answers: { 200: 'the limits' } },
    async handle() {
      const reports = await source.limiters()
      const limits = configured(source.config).map(({ name, of, config }) => ({
        ...of,
        limit: config.limit,
        queue: config.queue,
        workers: reports.flatMap(({ worker, answer }) => {
          const report = answer.get(name)
          return report === undefined ? [] : [{ worker, ...report }]
        }),
      }))
      return json({ limits })
    },
  }
}

interface Configured {
  /** Of the limiter. */
  readonly name: string
  readonly of: { readonly upstream: string } | { readonly route: string }
  readonly config: ConcurrencyConfig
}

function configured(config: GatewayConfig): Configured[] {
  const found: Configured[] = []
  for (const [upstream, { concurrency }] of resolveUpstreams(config)) {
    if (concurrency === undefined) continue
    const of = { upstream: redactUrls(upstream) }
    found.push({ name: upstreamLimiter(upstream), of, config: concurrency })
  }
  for (const { name: route, concurrency } of config.routes) {
    if (concurrency !== undefined)
      found.push({ name: routeLimiter(route), of: { route }, config: concurrency })
  }
  return found
}
