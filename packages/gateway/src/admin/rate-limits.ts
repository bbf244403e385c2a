import type { GatewayConfig } from '../config/config.ts'
import { resolveRateLimits } from '../config/rate-limits.ts'
import { type AdminOperation, json, problem } from './endpoint.ts'

/** What is asked of the supervisor. */
export interface RateLimitsSource {
  readonly config: GatewayConfig
  resetRateLimit(id: string, key?: string): Promise<void>
}

/** The rate limits, and giving full shares again. */
export function rateLimitOperations(source: RateLimitsSource): AdminOperation[] {
  return [
    {
      method: 'GET',
      path: '/rate-limits',
      about: 'the rate limits in force, by their ids',
      description: { id: 'listRateLimits', answers: { 200: 'the limits' } },
      handle: () =>
        json({
          rateLimits: Array.from(
            resolveRateLimits(source.config),
            ([id, { rate, burst, algorithm, key }]) => ({
              id,
              rate,
              burst,
              algorithm,
              key,
            }),
          ),
        }),
    },
    {
      method: 'POST',
      path: '/rate-limits/{id}/reset',
      about: 'give full shares again: to ?key=KEY, or to all; a "/" in the id is written %2F',
      description: {
        id: 'resetRateLimit',
        query: { key: 'of whom; left out, of all' },
        answers: { 200: 'done', 404: 'there is no such limit' },
      },
      async handle({ params, query }) {
        const id = params['id'] ?? ''
        const limit = resolveRateLimits(source.config).get(id)
        if (limit === undefined)
          return problem(404, 'Not found', 'there is no such limit: GET /rate-limits lists them')
        await source.resetRateLimit(id, query.get('key') ?? undefined)
        return json({ id, reset: query.get('key') ?? 'all' })
      },
    },
  ]
}
