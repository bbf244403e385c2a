import type { HeaderList } from '../message/headers.ts'
import { numberOf, parseDictionary, parseItem, parseList } from './structured.ts'
import type { Member } from './structured-types.ts'

/** What a server says is left of a quota. */
export interface Quota {
  /** Units in all, where it says so. */
  readonly limit: number | undefined
  /** Units left. */
  readonly remaining: number
  /** Milliseconds until there are more. */
  readonly reset: number
}

/** Above this a number of seconds is a time since 1970, not a delay: some thirty years. */
const EPOCH_SECONDS = 1e9
const EPOCH_MILLISECONDS = 1e11

/**
 * The quotas that a response tells of, in whichever of the usual fields: RateLimit with RateLimit-Policy
 * (draft-ietf-httpapi-ratelimit-headers-10), RateLimit as one dictionary (-07), RateLimit-Limit, -Remaining and -Reset (-06 and
 * before), or X-RateLimit-* and X-Rate-Limit-*, whose reset is a delay or a time. What is malformed is passed over.
 * @param now wall time in milliseconds since 1970-01-01 UTC
 */
export function parseQuotas(headers: HeaderList, now: number): readonly Quota[] {
  const field = headers.get('ratelimit')
  if (field !== undefined) return fromList(field, headers.get('ratelimit-policy')) ?? fromDictionary(field)
  for (const prefix of ['ratelimit', 'x-ratelimit', 'x-rate-limit']) {
    const remaining = headers.get(`${prefix}-remaining`)
    if (remaining === undefined) continue
    const limit = leadingNumber(headers.get(`${prefix}-limit`))
    return quota(limit, leadingNumber(remaining), leadingNumber(headers.get(`${prefix}-reset`)), now)
  }
  return []
}

/** `"name";r=50;t=30`, with `"name";q=100;w=60` as its policy. */
function fromList(field: string, policyField: string | undefined): readonly Quota[] | undefined {
  const list = parseList(field)
  if (list === undefined) return undefined
  const named = list.filter((member) => nameOf(member) !== undefined)
  if (named.length === 0) return undefined
  const policies = new Map<string | undefined, Member>()
  // The first of a name counts, so the others are overwritten.
  for (const policy of (parseList(policyField ?? '') ?? []).toReversed()) policies.set(nameOf(policy), policy)
  return named.flatMap((member) => {
    const policy = policies.get(nameOf(member))
    const limit = numberOf(policy?.parameters.get('q'))
    const window = numberOf(policy?.parameters.get('w'))
    // Without a time it is over with its window at the latest.
    const reset = numberOf(member.parameters.get('t')) ?? window
    return quota(limit, numberOf(member.parameters.get('r')), reset, undefined)
  })
}

function nameOf(member: Member): string | undefined {
  if (!('bare' in member)) return undefined
  const { bare, parameters } = member
  // In the dictionary of older drafts a member is a key, which reads as a token here.
  return bare.type === 'string' && (parameters.has('r') || parameters.has('q')) ? bare.value : undefined
}

/** `limit=100, remaining=50, reset=5`. */
function fromDictionary(field: string): readonly Quota[] {
  const dictionary = parseDictionary(field)
  const value = (key: string): number | undefined => {
    const member = dictionary?.get(key)
    return member !== undefined && 'bare' in member ? numberOf(member.bare) : undefined
  }
  return quota(value('limit'), value('remaining'), value('reset'), undefined)
}

/** The first item of a field that may list policies behind it: `100, 100;w=60`. */
function leadingNumber(field: string | undefined): number | undefined {
  const first = field === undefined ? undefined : parseItem(field.split(',', 1)[0] ?? '')
  return numberOf(first?.bare)
}

/** @param now where `reset` may be a time; undefined where it is a delay for sure */
function quota(
  limit: number | undefined,
  remaining: number | undefined,
  reset: number | undefined,
  now: number | undefined,
): readonly Quota[] {
  if (remaining === undefined || reset === undefined || remaining < 0) return []
  const delay = now === undefined ? reset * 1000 : delayOf(reset, now)
  return [{ limit, remaining, reset: Math.max(0, delay) }]
}

function delayOf(reset: number, now: number): number {
  if (reset >= EPOCH_MILLISECONDS) return reset - now
  return reset >= EPOCH_SECONDS ? reset * 1000 - now : reset * 1000
}
