import { json, operation } from '../admin-api/operation.ts'
import { type Described, list, members, TEXT, textOr, WHOLE } from '../admin-api/schema.ts'
import { resolveUpstreams } from '../config/upstreams.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { limitersOf } from '../in-force.ts'
import { redactUrls } from '../settings/redact-text.ts'
import { question, type Survey } from './survey.ts'
import { type ConcurrencyConfig, routeLimiter, upstreamLimiter } from '../features/concurrency.ts'

/** `limit`: how many exchanges may be under way at the same time; an adaptive one moves. */
const WORKER = members({ worker: WHOLE, limit: WHOLE, active: WHOLE, queued: WHOLE })
const LIMIT = members({
  'upstream?': TEXT,
  'route?': TEXT,
  limit: textOr('adaptive', WHOLE),
  queue: WHOLE,
  workers: list(WORKER),
})
const LIMITS = members({ limits: list(LIMIT) })

export type ConcurrencyAnswer = Described<typeof LIMITS>

/** By their names: `upstream orders`, `route checkout`. */
const limiters = question('limiters', ({ gateway }) => {
  const current = Array.from(
    limitersOf(gateway.snapshot),
    ([name, { limit, inflight, queued }]) =>
      [name, { limit: Math.max(1, Math.floor(limit.limit)), active: inflight, queued }] as const,
  )
  return new Map(current)
})

/** The concurrency limits in force. */
export const concurrency: Survey = {
  questions: [limiters],
  operations: (source) => [
    operation({
      method: 'GET',
      path: '/concurrency',
      about: 'concurrency limits: how far each is used in each worker, and where adaptive ones stand',
      id: 'listConcurrencyLimits',
      result: LIMITS,
      answers: { 200: 'the limits' },
      async handle() {
        const reports = await source.ask(limiters)
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
    }),
  ],
}

interface Configured {
  /** Of the limiter. */
  readonly name: string
  readonly of: { readonly upstream: string } | { readonly route: string }
  readonly config: ConcurrencyConfig
}

function configured(config: GatewayConfig): Configured[] {
  const found: Configured[] = []
  for (const [upstream, { concurrency: own }] of resolveUpstreams(config)) {
    if (own === undefined) continue
    found.push({ name: upstreamLimiter(upstream), of: { upstream: redactUrls(upstream) }, config: own })
  }
  for (const { name: route, concurrency: own } of config.routes) {
    if (own !== undefined) found.push({ name: routeLimiter(route), of: { route }, config: own })
  }
  return found
}
