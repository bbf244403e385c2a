import { own, type RequestCacheMode } from '@headgate/core'
import { CACHE_MODES } from './cache/cache-mode.ts'
import {
  CLIENT_CHECKS,
  POLICY_CHECKS,
  QUERY_ARRAYS,
  RETRY_PARTS,
  socket,
  TIMEOUT_PARTS,
} from './check-options.ts'
import {
  anything,
  callback,
  type Check,
  type Checks,
  checkedValue,
  flag,
  isObject,
  milliseconds,
  number,
  oneOf,
  or,
  settings,
  shown,
  text,
} from './option-check.ts'
import { unknownName } from './foreign-options.ts'
import type { HeadersInput } from './headers-input.ts'
import type {
  CallOptions,
  CallPolicyOptions,
  HedgeSettings,
  Priority,
  RetrySettings,
  TimeoutSettings,
} from './options.ts'

const off = oneOf(false)
/** What a reader of the client's options may look for here. */
const ofClient: Check = {
  allowed:
    'nothing for a call, since connections and budget are its client’s: say it to createClient or extend',
  valid: () => false,
}
const { attempt, deadline } = TIMEOUT_PARTS
const timeoutParts: Checks<TimeoutSettings> = {
  attempt,
  deadline,
  connect: ofClient,
  head: ofClient,
  idle: ofClient,
  unread: ofClient,
}

/** What keeps connections or state belongs to a client: a call can only do without it. */
const CALL_POLICIES: Checks<CallPolicyOptions> = {
  ...POLICY_CHECKS,
  timeout: or(milliseconds, settings(timeoutParts)),
  retry: or(off, oneOfCount(), settings<RetrySettings>({ ...RETRY_PARTS, budget: ofClient })),
  hedge: or(off, {
    ...settings<HedgeSettings>({ delay: number, hedges: number }),
    allowed: 'an object with a delay in milliseconds, as percentiles are for a client',
    valid: (value) => isObject(value) && typeof (value as { delay?: unknown }).delay === 'number',
  }),
  cookies: off,
  breaker: off,
  rateLimit: off,
  concurrency: off,
  pacing: off,
  dedupe: off,
}

function oneOfCount(): Check {
  return { ...POLICY_CHECKS.retry, parts: undefined }
}

/** Of all options of a call: this list is what a call may say, and each of them is read from it. */
const CALL_CHECKS: Checks<CallOptions> = {
  ...CALL_POLICIES,
  method: text,
  // What these may be is looked at where the request is made of them.
  headers: anything,
  query: anything,
  queryArrays: QUERY_ARRAYS,
  body: anything,
  json: anything,
  socketPath: socket,
  signal: {
    allowed: 'an AbortSignal',
    valid: (value) => value === null || isSignal(value),
  },
  priority: oneOf('high', 'normal', 'low'),
  cache: oneOf(...CACHE_MODES),
  redirectMode: oneOf('follow', 'manual', 'error'),
  throwOnStatus: flag,
  onUploadProgress: callback,
  onDownloadProgress: callback,
  onInformational: callback,
}

/** Also one of a polyfill. */
function isSignal(value: unknown): boolean {
  if (value instanceof AbortSignal) return true
  const { aborted, addEventListener } = Object(value) as Partial<AbortSignal>
  return typeof aborted === 'boolean' && typeof addEventListener === 'function'
}

/** The names of all options of a call. */
const CALL_OPTIONS = Object.keys(CALL_CHECKS) as readonly (keyof CallOptions)[]
const POLICY_NAMES: ReadonlySet<string> = new Set(Object.keys(CALL_POLICIES))

/** A call that says nothing: all of its options are its own, so that none is looked up in `Object.prototype`. */
const NOTHING_SAID: CallOptions = Object.fromEntries(CALL_OPTIONS.map((name) => [name, undefined]))

/** The options of a call that `options` has itself, each looked at. */
export interface CheckedCall {
  readonly call: CallOptions
  /** Whether it changes what the client does: then it needs a stack of its own. */
  readonly changesPolicies: boolean
}

const PLAIN: CheckedCall = { call: NOTHING_SAID, changesPolicies: false }

/** A call that changes nothing of what the client does, made of parts that whoever calls has looked at. */
export function plainCall(
  method: string,
  headers: HeadersInput | undefined,
  signal: AbortSignal | undefined,
  priority: Priority | undefined,
  cache: RequestCacheMode | undefined,
): CheckedCall {
  return { call: { ...NOTHING_SAID, method, headers, signal, priority, cache }, changesPolicies: false }
}

/** @throws TypeError that names the option that is not known or not valid, its value and what is allowed */
export function checkedCall(options: CallOptions | undefined): CheckedCall {
  if (options === undefined) return PLAIN
  if (!isObject(options)) throw noOptions(options)
  const call: Record<string, unknown> = { ...NOTHING_SAID }
  let changesPolicies = false
  for (const name of Object.keys(options)) {
    const value: unknown = options[name as keyof CallOptions]
    if (!Object.hasOwn(CALL_CHECKS, name)) throw unknownOfCall(name, CALL_OPTIONS)
    if (value === undefined) continue
    call[name] = checkedValue(name, value, CALL_CHECKS[name as keyof CallOptions], `${name} of a call`)
    if (POLICY_NAMES.has(name) || name === 'socketPath' || (name === 'redirectMode' && value !== 'follow'))
      changesPolicies = true
  }
  return { call, changesPolicies }
}

/**
 * Takes the options of a call out of an object that holds more.
 * @param names the others that it may hold
 * @throws TypeError that names an option that is none of either
 */
export function withCallOptions<Options extends CallOptions>(
  options: Options,
  names: readonly string[],
): Options {
  if (!isObject(options)) throw noOptions(options)
  for (const name of Object.keys(options))
    if (!Object.hasOwn(CALL_CHECKS, name) && !names.includes(name))
      throw unknownOfCall(name, [...names, ...CALL_OPTIONS], name)
  return own(options)
}

function noOptions(given: unknown): TypeError {
  return new TypeError(`the options of a call are ${shown(given)}; allowed: an object`)
}

/** Members of `fetch` alone. */
const OF_FETCH = ['mode', 'integrity', 'referrer', 'referrerPolicy', 'keepalive', 'duplex', 'headgate']

function unknownOfCall(name: string, known: readonly string[], option = `${name} of a call`): TypeError {
  if (OF_FETCH.includes(name)) return new TypeError(`option ${name} of a call is not known: it is for fetch`)
  if (Object.hasOwn(CLIENT_CHECKS, name))
    return new TypeError(`option ${name} of a call is its client’s: give it to createClient or extend`)
  return unknownName(option, name, known)
}

/**
 * The text of a URL. Whatever else is given would lead to a path of its name, as `/undefined`.
 * @throws TypeError
 */
export function urlText(url: unknown): string {
  if (typeof url === 'string') return url
  // Also one of another copy of the class.
  const { href } = Object(url) as Partial<URL>
  if (typeof url === 'object' && typeof href === 'string') return href
  throw new TypeError(`the URL of a call is ${shown(url)}; allowed: a string or a URL`)
}

/**
 * The method of a call whose function says it.
 * @throws TypeError if the options say another: one of both would be passed over
 */
export function chosenMethod(chosen: string, said: string | undefined): string {
  if (said !== undefined && said.toUpperCase() !== chosen.toUpperCase())
    throw new TypeError(
      `option method of a call is ${shown(said)}, and the call is a ${chosen}; allowed: no other: for that, there is request(method, url)`,
    )
  return chosen
}
