import { type AdminAnswer, json, operation, problem } from '../admin-api/operation.ts'
import { type Described, elsewhere, list, members, oneOf, TEXT, WHOLE } from '../admin-api/schema.ts'
import { type RateLimitConfig, resolveRateLimits } from '../features/rate-limit/setting.ts'
import type { LimitFill, LimitUsage } from '../features/rate-limit/stores.ts'
import { question, type Survey, type SurveySource } from './survey.ts'
import { rateLimitTotals } from '../features/rate-limit/policy.ts'

const STORE = oneOf('shared', 'local')
const FILL = { keys: WHOLE, capacity: WHOLE }
/** Of a limit that workers share there is one account, `keys` and `capacity`; of any other, each worker has its own. */
const LIMITS = members({
  rateLimits: list(
    members({
      id: TEXT,
      rate: members({ requests: WHOLE, per: WHOLE }),
      'burst?': WHOLE,
      algorithm: TEXT,
      key: list(elsewhere<RateLimitConfig['key'][number]>()),
      allowed: WHOLE,
      limited: WHOLE,
      store: STORE,
      'keys?': WHOLE,
      'capacity?': WHOLE,
      'workers?': list(members({ worker: WHOLE, ...FILL })),
    }),
  ),
})
/** `reset`: seconds until all are there again, as the field RateLimit tells it. */
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

export type RateLimitsAnswer = Described<typeof LIMITS>
export type RateLimitUsageAnswer = Described<typeof USAGE>

/** How full the stores are of the limits that a worker keeps for itself, by id. */
const fills = question('rate-limits', ({ gateway }) => gateway.rateLimits.fills('local'))
/** What a key has left of a limit that a worker keeps for itself. */
const usage = question('rate-limit-usage', ({ gateway }, { limit, key }: { limit: string; key: string }) =>
  gateway.rateLimits.usage(limit, key),
)
/** Full shares again, where a worker keeps a limit for itself. */
const reset = question(
  'reset-rate-limit',
  ({ gateway }, { limit, key }: { limit: string; key: string | undefined }) =>
    gateway.rateLimits.reset(limit, key),
)

/** The rate limits, what has been used of them, and giving full shares again. */
export const rateLimits: Survey = {
  questions: [fills, usage, reset],
  operations: (source) => [
    operation({
      method: 'GET',
      path: '/rate-limits',
      about:
        'the rate limits in force, by their ids: what they allowed and limited, and how full their stores are',
      id: 'listRateLimits',
      result: LIMITS,
      answers: { 200: 'the limits' },
      async handle() {
        const found = await stored(source)
        const limits = Array.from(resolveRateLimits(source.config), ([id, limit]) => {
          const { rate, burst, algorithm, key } = limit
          const store = found.get(id) ?? { store: 'local', workers: [] }
          return { id, rate, burst, algorithm, key, ...rateLimitTotals(source.metrics, id), ...store }
        })
        return json({ rateLimits: limits })
      },
    }),
    operation({
      method: 'GET',
      path: '/rate-limits/{id}/usage',
      about: 'what ?key=KEY has left of a limit; it takes nothing. A "/" in the id is written %2F',
      id: 'getRateLimitUsage',
      result: USAGE,
      query: { key: 'whose; left out, of the limit that counts all together' },
      answers: { 200: 'what is left, and when all is there again', 404: 'there is no such limit' },
      async handle({ params, query }) {
        const id = params['id'] ?? ''
        const key = query.get('key') ?? ''
        if (!resolveRateLimits(source.config).has(id)) return missing()
        const stores = source.rateLimits
        if (stores.isShared(id)) {
          return json({ id, key, store: 'shared', ...inSeconds(stores.usage(id, key)) })
        }
        const left = await source.ask(usage, { limit: id, key })
        const workers = left.map(({ worker, answer }) => ({ worker, ...inSeconds(answer) }))
        return json({ id, key, store: 'local', workers })
      },
    }),
    operation({
      method: 'POST',
      path: '/rate-limits/{id}/reset',
      about: 'give full shares again: to ?key=KEY, or to all; a "/" in the id is written %2F',
      id: 'resetRateLimit',
      result: members({ id: TEXT, reset: TEXT }),
      query: { key: 'of whom; left out, of all' },
      answers: { 200: 'done', 404: 'there is no such limit' },
      async handle({ params, query }) {
        const id = params['id'] ?? ''
        const key = query.get('key') ?? undefined
        if (!resolveRateLimits(source.config).has(id)) return missing()
        source.rateLimits.reset(id, key)
        await source.ask(reset, { limit: id, key })
        // Not the key: it may be a credential.
        const what = `rate limit ${id}: full shares again for ${key === undefined ? 'all keys' : 'one key'}`
        return json({ id, reset: key ?? 'all' }, { change: { what } })
      },
    }),
  ],
}

type Stored =
  | ({ readonly store: 'shared' } & LimitFill)
  | { readonly store: 'local'; readonly workers: readonly ({ readonly worker: number } & LimitFill)[] }

/** How full the store of each limit is, by their ids. */
async function stored({ rateLimits: stores, ask }: SurveySource): Promise<Map<string, Stored>> {
  const answers = await ask(fills)
  const found = new Map<string, Stored>()
  for (const [id, fill] of stores.fills('shared')) found.set(id, { store: 'shared', ...fill })
  for (const [id] of stores.fills('local')) {
    const workers = answers.flatMap(({ worker, answer }) => {
      const fill = answer.get(id)
      return fill === undefined ? [] : [{ worker, ...fill }]
    })
    found.set(id, { store: 'local', workers })
  }
  return found
}

function inSeconds({ limit, remaining, reset: wait }: LimitUsage): LimitUsage {
  return { limit, remaining, reset: Math.ceil(wait / 1000) }
}

function missing(): AdminAnswer<never> {
  return problem(404, 'Not found', 'there is no such limit: GET /rate-limits lists them')
}
