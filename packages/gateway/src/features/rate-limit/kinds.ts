import type { CalendarUnit } from './calendar.ts'
import { suggest } from '../../settings/problems/suggest.ts'
import type { OperationKey } from '../graphql/operation.ts'
import { type Kind, name } from '../../settings/values/kinds.ts'
import { didYouMean, parsed, type Parsed, refused } from '../../settings/values/parsed.ts'
import { TOKEN } from '../../settings/values/host.ts'
import { requestField } from '../../settings/values/request-field.ts'
import { parseDuration, writtenTime } from '../../settings/values/units.ts'

/** What requests are told apart by, where they are limited. */
export type RateLimitKey =
  | {
      readonly kind:
        | 'client-ip'
        | 'client-certificate'
        | 'identity'
        | 'consumer'
        | 'country'
        | 'route'
        | 'global'
        | OperationKey
    }
  /** The name in lower case. */
  | { readonly kind: 'header'; readonly name: string }

/** The words, and what they stand for. */
const WORDS: ReadonlyMap<string, RateLimitKey> = new Map<string, RateLimitKey>([
  ['client-ip', { kind: 'client-ip' }],
  ['client-certificate', { kind: 'client-certificate' }],
  ['identity', { kind: 'identity' }],
  ['consumer', { kind: 'consumer' }],
  ['country', { kind: 'country' }],
  ['route', { kind: 'route' }],
  ['global', { kind: 'global' }],
  ['graphql-type', { kind: 'graphql-type' }],
  ['graphql-operation', { kind: 'graphql-operation' }],
  ['graphql-root-fields', { kind: 'graphql-root-fields' }],
  ['api-key', { kind: 'header', name: 'x-api-key' }],
  ['credential', { kind: 'header', name: 'authorization' }],
])

const HEADER = 'header:'

function parseRateLimitKey(text: string): Parsed<RateLimitKey> {
  const word = WORDS.get(text)
  if (word !== undefined) return parsed(word)
  if (text.startsWith(HEADER)) {
    const name = requestField.parse(text.slice(HEADER.length))
    return name.ok ? parsed({ kind: 'header', name: name.value }) : name
  }
  const meant = suggest(text, [...WORDS.keys()])
  return refused('is not a key', meant === undefined ? undefined : didYouMean(meant))
}

export const rateLimitKey: Kind<RateLimitKey> = {
  allowed: `${[...WORDS.keys()].join(', ')} or header:NAME`,
  json: { type: 'string', anyOf: [{ enum: [...WORDS.keys()] }, { pattern: `^${HEADER}${TOKEN}$` }] },
  parse: (written) => (typeof written === 'string' ? parseRateLimitKey(written) : refused('is not a key')),
  write: (key) => (key.kind === 'header' ? `${HEADER}${key.name}` : key.kind),
}

/** The name of a rate limit of the gateway, where a route may have limits of its own as well. */
export const limitReference: Kind<string> = {
  allowed:
    'the name of one of rateLimits, a section such as { rate: 100/s, key: client-ip }, or a list of these',
  json: name.json,
  parse(written) {
    const isRate = typeof written === 'string' && parseRequestRate(written).ok
    if (isRate) return refused('is a rate, and a limit is a section', `did you mean { rate: ${written} }?`)
    const rate = requestRate.parse(written)
    const meant = rate.ok ? undefined : /"(.*)"/.exec(rate.hint ?? '')?.[1]
    if (typeof written === 'number' && written > 0 && meant !== undefined)
      return refused('has no time', `did you mean { rate: ${meant} }?`)
    return typeof written === 'string' ? name.parse(written) : refused('names no rate limit')
  },
}

/** How many requests in how long. */
export interface RequestRate {
  /** Above 0. */
  readonly requests: number
  /** Milliseconds, above 0; of what the calendar measures, those that it mostly has. */
  readonly per: number
  /** Whether they are those of a day or a month of the calendar. */
  readonly calendar?: CalendarUnit
}

const ALLOWED =
  'a whole number of requests and a time (ms, s, m or h), such as 100/s, 60/m, 5/10s, 10000/day or 200000/month'

/** Milliseconds. */
const CALENDAR: Readonly<Record<CalendarUnit, number>> = { day: 86_400_000, month: 30 * 86_400_000 }

/** `100/s`, `60/m`, `1000/h`, or with a number before the unit: `5/10s`; `10000/day` or `/month` by the calendar. */
export function parseRequestRate(text: string): Parsed<RequestRate> {
  const [, most = '', calendar] = /^(\d{1,15})\/(day|month)$/.exec(text) ?? []
  if (calendar === 'day' || calendar === 'month')
    return Number(most) === 0
      ? refused('is too small')
      : parsed({ requests: Number(most), per: CALENDAR[calendar], calendar })
  const [, requests = '', amount = '', unit = ''] = /^(\d{1,15})\/(\d*)(ms|s|m|h)$/.exec(text) ?? []
  if (unit === '') return refused('is not a rate of requests', hintFor(text))
  const per = parseDuration(`${amount || '1'}${unit}`)
  if (!per.ok) return per
  if (Number(requests) === 0 || per.value === 0) return refused('is too small')
  return parsed({ requests: Number(requests), per: per.value })
}

/** As people write it: `100`, `100 per second`, `100 / sec`, `100rps`. */
function hintFor(text: string): string | undefined {
  const [, requests, spelled = ''] = /^(\d{1,15})\s*(?:\/|per|rp|r\/)?\s*([a-z]*)$/i.exec(text.trim()) ?? []
  if (requests === undefined) return undefined
  const words = { mo: 'month', d: 'day', s: 's', m: 'm', h: 'h' }
  const unit = Object.entries(words).find(([start]) => spelled.toLowerCase().startsWith(start))?.[1]
  return didYouMean(`${requests}/${unit ?? 's'}`)
}

export const requestRate: Kind<RequestRate> = {
  allowed: ALLOWED,
  json: { type: 'string', pattern: '^(?=[0-9]{1,15}/)0*[1-9][0-9]*/((0*[1-9][0-9]*)?(ms|s|m|h)|day|month)$' },
  type: 'RequestRate',
  parse(written) {
    if (typeof written === 'number') return refused('has no time', didYouMean(`${written}/s`))
    return typeof written === 'string' ? parseRequestRate(written) : refused('is not a rate of requests')
  },
  write: ({ requests, per, calendar }) =>
    `${requests}/${calendar ?? writtenTime(per).replace(/^1(?=[a-z])/, '')}`,
}
