import { own } from '@headgate/core'
import { POLICY_CHECKS, QUERY_ARRAYS, RETRY_PARTS, socket, TIMEOUT_PARTS } from './check-options.ts'
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
  text,
} from './option-check.ts'
import { unknownName } from './foreign-options.ts'
import type { HeadersInput } from './headers-input.ts'
import type { CallOptions, CallPolicyOptions, HedgeSettings, Priority } from './options.ts'

const off = oneOf(false)
const { budget: _budget, ...retryParts } = RETRY_PARTS
const { attempt, deadline } = TIMEOUT_PARTS

/** What keeps connections or state belongs to a client: a call can only do without it. */
const CALL_POLICIES: Checks<CallPolicyOptions> = {
  ...POLICY_CHECKS,
  timeout: or(milliseconds, settings({ attempt, deadline })),
  retry: or(off, oneOfCount(), settings(retryParts)),
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
): CheckedCall {
  return { call: { ...NOTHING_SAID, method, headers, signal, priority }, changesPolicies: false }
}

/** @throws TypeError that names the option that is not known or not valid, its value and what is allowed */
export function checkedCall(options: CallOptions | undefined): CheckedCall {
  if (options === undefined) return PLAIN
  if (!isObject(options)) throw new TypeError('the options of a call are no object')
  const call: Record<string, unknown> = { ...NOTHING_SAID }
  let changesPolicies = false
  for (const name of Object.keys(options)) {
    const value: unknown = options[name as keyof CallOptions]
    if (!Object.hasOwn(CALL_CHECKS, name)) throw unknownName(`${name} of a call`, name, CALL_OPTIONS)
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
  for (const name of Object.keys(options))
    if (!Object.hasOwn(CALL_CHECKS, name) && !names.includes(name))
      throw unknownName(name, name, [...names, ...CALL_OPTIONS])
  return own(options)
}
