import type { GatewayConfig } from '../config/schema/schema.ts'
import { resolveRateLimits } from '../config/resolve/rate-limits.ts'
import type { RateLimitTotals } from '../metrics/rate-limit-totals.ts'
import type { LimitUsage } from '../rate-limit/usage.ts'
import type { RateLimitControl } from '../workers/rate-limit-control.ts'
import { type AdminAnswer, type AdminOperation, json, problem } from './endpoint.ts'
import { ANY_OBJECT, list, members, oneOf, TEXT, WHOLE } from './schemas.ts'

const STORE = oneOf('shared', 'local')
const FILL = { keys: WHOLE, capacity: WHOLE }
const LIMITS = members({
  rateLimits: list(
    members({
      id: TEXT,
      rate: members({ requests: WHOLE, per: WHOLE }),
      'burst?': WHOLE,
      algorithm: TEXT,
      key: list(ANY_OBJECT),
      allowed: WHOLE,
      limited: WHOLE,
      store: STORE,
      'keys?': WHOLE,
      'capacity?': WHOLE,
      'workers?': list(members({ worker: WHOLE, ...FILL })),
    }),
  ),
})
const LEFT = { limit: WHOLE, remaining: WHOLE, reset: WHOLE }
const USAGE = members({
  id: TEXT,
  key: TEXT,
  store: STORE,
  'limit?': WHOLE,
  'remaining?': WHOLE,
  'reset?': WHOLE,
  'workers?': list(members({ worker: WHOLE, ...LEFT })),
})

/** What is asked of the supervisor. */
export interface RateLimitsSource {
  readonly config: GatewayConfig
  readonly rateLimits: RateLimitControl
  rateLimitTotals(): ReadonlyMap<string, RateLimitTotals>
}

/** The rate limits, what has been used of them, and giving full shares again. */
export function rateLimitOperations(source: RateLimitsSource): AdminOperation[] {
  return [listLimits(source), usage(source), reset(source)]
}

function listLimits(source: RateLimitsSource): AdminOperation {
  return {
    method: 'GET',
    path: '/rate-limits',
    about:
      'the rate limits in force, by their ids: what they allowed and limited, and how full their stores are',
    description: { id: 'listRateLimits', result: LIMITS, answers: { 200: 'the limits' } },
    async handle() {
      const fills = await source.rateLimits.fills()
      const totals = source.rateLimitTotals()
      const rateLimits = Array.from(resolveRateLimits(source.config), ([id, limit]) => {
        const { rate, burst, algorithm, key } = limit
        return { id, rate, burst, algorithm, key, ...totals.get(id), ...stored(fills.get(id)) }
      })
      return json({ rateLimits })
    },
  }
}

type Fills = Awaited<ReturnType<RateLimitControl['fills']>>

/** A limit that workers share has one store, any other one for each worker. */
function stored(fill: Parameters<Fills['set']>[1] | undefined): Readonly<Record<string, unknown>> {
  if (fill === undefined) return {}
  if (fill.store === 'shared') return { store: 'shared', ...fill.account }
  return { store: 'local', workers: fill.accounts.map(({ worker, answer }) => ({ worker, ...answer })) }
}

function usage(source: RateLimitsSource): AdminOperation {
  return {
    method: 'GET',
    path: '/rate-limits/{id}/usage',
    about: 'what ?key=KEY has left of a limit; it takes nothing. A "/" in the id is written %2F',
    description: {
      id: 'getRateLimitUsage',
      result: USAGE,
      query: { key: 'whose; left out, of the limit that counts all together' },
      answers: { 200: 'what is left, and when all is there again', 404: 'there is no such limit' },
    },
    async handle({ params, query }) {
      const id = params['id'] ?? ''
      const key = query.get('key') ?? ''
      if (!resolveRateLimits(source.config).has(id)) return missing()
      const found = await source.rateLimits.usage(id, key)
      return found.store === 'shared'
        ? json({ id, key, store: 'shared', ...inSeconds(found.account) })
        : json({
            id,
            key,
            store: 'local',
            workers: found.accounts.map(({ worker, answer }) => ({ worker, ...inSeconds(answer) })),
          })
    },
  }
}

/** As the field RateLimit tells it. */
function inSeconds({ limit, remaining, reset }: LimitUsage): LimitUsage {
  return { limit, remaining, reset: Math.ceil(reset / 1000) }
}

function reset(source: RateLimitsSource): AdminOperation {
  return {
    method: 'POST',
    path: '/rate-limits/{id}/reset',
    about: 'give full shares again: to ?key=KEY, or to all; a "/" in the id is written %2F',
    description: {
      id: 'resetRateLimit',
      result: members({ id: TEXT, reset: TEXT }),
      query: { key: 'of whom; left out, of all' },
      answers: { 200: 'done', 404: 'there is no such limit' },
    },
    async handle({ params, query }) {
      const id = params['id'] ?? ''
      const key = query.get('key') ?? undefined
      if (!resolveRateLimits(source.config).has(id)) return missing()
      await source.rateLimits.reset(id, key)
      // Not the key: it may be a credential.
      const what = `rate limit ${id}: full shares again for ${key === undefined ? 'all keys' : 'one key'}`
      return { ...json({ id, reset: key ?? 'all' }), change: { what } }
    },
  }
}

function missing(): AdminAnswer {
  return problem(404, 'Not found', 'there is no such limit: GET /rate-limits lists them')
}
