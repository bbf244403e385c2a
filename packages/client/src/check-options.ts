import type { CallOptions, CallPolicyOptions, ClientOptions } from './options.ts'

/** What an option may be, and the words for it. */
interface Check {
  readonly allowed: string
  readonly valid: (value: unknown) => boolean
}

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isFunction = (value: unknown): boolean => typeof value === 'function'

const text: Check = {
  allowed: 'a string that is not empty',
  valid: (value) => typeof value === 'string' && value !== '',
}
const flag: Check = { allowed: 'true or false', valid: (value) => typeof value === 'boolean' }
const object: Check = { allowed: 'an object', valid: isObject }
const handler: Check = { allowed: 'a function that answers exchanges', valid: isFunction }
const milliseconds: Check = {
  allowed: 'milliseconds above 0, or Infinity for no limit',
  valid: (value) => typeof value === 'number' && value > 0,
}
const count: Check = {
  allowed: 'a whole number above 0',
  valid: (value) => Number.isSafeInteger(value) && Number(value) > 0,
}
const countFromZero: Check = {
  allowed: 'a whole number from 0',
  valid: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
}
const share: Check = {
  allowed: 'a number from 0 to 1, as 0.2',
  valid: (value) => typeof value === 'number' && value >= 0 && value <= 1,
}

function or(...checks: readonly Check[]): Check {
  return {
    allowed: checks.map(({ allowed }) => allowed).join('; or '),
    valid: (value) => checks.some(({ valid }) => valid(value)),
  }
}

function oneOf(...values: readonly unknown[]): Check {
  return {
    allowed: values
      .map((value) => (typeof value === 'number' ? String(value) : JSON.stringify(value)))
      .join(' or '),
    valid: (value) => values.includes(value),
  }
}

type Checks<Options> = { readonly [Name in keyof Options]-?: Check }

const off = oneOf(false)
const statuses: Check = {
  allowed: 'a list of statuses from 400 to 599',
  valid: (value) =>
    Array.isArray(value) && value.every((each) => Number.isInteger(each) && each >= 400 && each <= 599),
}

const PARTS = {
  timeout: {
    connect: milliseconds,
    head: milliseconds,
    idle: milliseconds,
    attempt: milliseconds,
    deadline: milliseconds,
  },
  retry: {
    attempts: count,
    backoff: object,
    statuses,
    maxRetryAfter: milliseconds,
    spool: countFromZero,
    budget: share,
  },
} satisfies Record<string, Record<string, Check>>

const POLICY_CHECKS = {
  timeout: or(milliseconds, object),
  retry: or(off, count, object),
  hedge: or(off, object),
  breaker: or(off, object),
  rateLimit: or(off, object),
  concurrency: or(off, count, object),
  pacing: or(flag, object),
  dedupe: or(flag, object),
  resume: flag,
  decompress: or(flag, object),
  maxBody: count,
  redirect: or(off, countFromZero),
  auth: or(off, {
    allowed: 'credentials, as bearer(...) makes them',
    valid: (value) => isObject(value) && typeof (value as { proof?: unknown }).proof === 'function',
  }),
  maxBufferedBody: or(count, oneOf(Infinity)),
}

const CLIENT_CHECKS: Checks<ClientOptions> = {
  ...POLICY_CHECKS,
  preset: oneOf('standard', 'fetch', 'untrusted', 'minimal', 'crawler'),
  name: text,
  baseUrl: {
    allowed: 'an absolute http or https URL',
    valid: (value) => typeof value === 'string' || value instanceof URL,
  },
  headers: {
    allowed: 'an object of names and values, Headers, or a list of pairs',
    valid: (value) => typeof value === 'object' && value !== null,
  },
  cookies: or(flag, object),
  guard: or(flag, object),
  policies: {
    allowed: 'a list of policies',
    valid: (value) => Array.isArray(value) && value.every(isFunction),
  },
  tls: object,
  pool: object,
  proxy: or(oneOf('environment'), object),
  transport: handler,
  clock: object,
  tracing: or(flag, object),
  lint: flag,
}

/** @throws TypeError that names the option, its value and what is allowed */
export function checkOptions(options: ClientOptions): void {
  checkAll('createClient', options, CLIENT_CHECKS)
  checkParts(options, PARTS)
}

/** What keeps connections or state belongs to a client: a call can only do without it. */
const CALL_CHECKS: Checks<CallPolicyOptions> = {
  ...POLICY_CHECKS,
  hedge: or(off, {
    allowed: 'an object with a delay in milliseconds, as percentiles are for a client',
    valid: (value) => isObject(value) && typeof (value as { delay?: unknown }).delay === 'number',
  }),
  breaker: off,
  rateLimit: off,
  concurrency: off,
  pacing: off,
  dedupe: off,
}

const CALL_PARTS = {
  timeout: { attempt: milliseconds, deadline: milliseconds },
  retry: withoutBudget(PARTS.retry),
}

function withoutBudget({ budget: _budget, ...checks }: typeof PARTS.retry): Record<string, Check> {
  return checks
}

/** The same for what a call says of policies. @throws TypeError */
export function checkCall(options: CallOptions): void {
  for (const [name, check] of Object.entries(CALL_CHECKS)) {
    const value: unknown = options[name as keyof CallPolicyOptions]
    if (value !== undefined && !check.valid(value)) throw invalid(`${name} of a call`, value, check.allowed)
  }
  checkParts(options, CALL_PARTS)
}

function checkParts(options: object, parts: Readonly<Record<string, Readonly<Record<string, Check>>>>): void {
  for (const [name, checks] of Object.entries(parts)) {
    const value: unknown = (options as Record<string, unknown>)[name]
    if (isObject(value)) checkAll(name, value as object, checks)
  }
}

function checkAll(place: string, options: object, checks: Readonly<Record<string, Check>>): void {
  if (!isObject(options)) throw invalid(place, options, 'an object of options')
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined
    const option = place === 'createClient' ? name : `${place}.${name}`
    if (check === undefined) throw unknown(option, name, Object.keys(checks))
    if (value !== undefined && !check.valid(value)) throw invalid(option, value, check.allowed)
  }
}

function invalid(option: string, value: unknown, allowed: string): TypeError {
  return new TypeError(`option ${option} is ${shown(value)}; allowed: ${allowed}`)
}

/** Not what is inside: it may be a secret. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value.length > 40 ? 'a long string' : JSON.stringify(value)
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}

function unknown(option: string, name: string, names: readonly string[]): TypeError {
  const near = names.find((each) => isNear(each.toLowerCase(), name.toLowerCase()))
  const hint = near === undefined ? `known are ${names.join(', ')}` : `did you mean ${near}?`
  return new TypeError(`option ${option} is not known: ${hint}`)
}

/** One letter more, less or other, or two swapped: what slips of the finger do. */
function isNear(one: string, other: string): boolean {
  if (one.startsWith(other) || other.startsWith(one)) return true
  if (Math.abs(one.length - other.length) > 1) return false
  let start = 0
  while (start < one.length && one[start] === other[start]) start++
  const tail = (text: string, from: number): string => text.slice(start + from)
  return (
    tail(one, 1) === tail(other, 1) ||
    tail(one, 1) === tail(other, 0) ||
    tail(one, 0) === tail(other, 1) ||
    (tail(one, 2) === tail(other, 2) && one[start] === other[start + 1] && one[start + 1] === other[start])
  )
}
