import type { RedirectMode } from '@headgate/core'
import { methodOf } from '../method.ts'
import type { ToldReferrer } from './referrer.ts'
import { type FetchSettings, type Member, membersOf, NO_MEMBERS, settingsOf, stringOf } from './members.ts'

/** A request as the Fetch standard's `Request` constructor would have made it (5.4), without the cost of one. */
export interface FetchRequest {
  /** As it was given, for the client's baseUrl may stand before it. */
  readonly url: string
  readonly method: string
  /** Undefined where neither `init` nor a Request gives any: to make empty ones costs as much as the rest of this. */
  readonly headers: Headers | undefined
  /** What `init` gives to send; null for nothing, or for what `request` holds. */
  readonly body: unknown
  /** The Request whose body is sent. */
  readonly request: Request | undefined
  readonly signal: AbortSignal | undefined
  readonly redirect: RedirectMode
  readonly cache: string
  readonly credentials: string
  readonly integrity: string
  /** Undefined where nothing is said of it, or `about:client`, which is a page that a server has not. */
  readonly referrer: ToldReferrer | undefined
  readonly duplex: unknown
  readonly keepalive: boolean
  readonly priority: string
  readonly settings: FetchSettings | undefined
}

/** Members that mean something to browsers only, or seldom: the platform checks them. */
const SELDOM = [
  'mode',
  'credentials',
  'cache',
  'referrer',
  'referrerPolicy',
  'integrity',
  'keepalive',
  'window',
  'priority',
] as const

/** @throws TypeError as the standard asks for */
export function fetchRequest(input: unknown, init: unknown): FetchRequest {
  const member = membersOf(init)
  const request = isRequest(input) ? input : undefined
  if (member !== NO_MEMBERS) checkMembers(member)
  const or = (name: keyof Request, byDefault: string): unknown => {
    const given = member(name)
    return given === undefined ? (request?.[name] ?? byDefault) : given
  }
  const method = methodOf(stringOf(or('method', 'GET')), (reason) => new TypeError(reason))
  const body = member('body') ?? null
  const holder = body === null && request?.body ? request : undefined
  if ((body !== null || holder !== undefined) && (method === 'GET' || method === 'HEAD'))
    throw new TypeError(`Request with GET/HEAD method cannot have body: this is a ${method}`)
  if (holder !== undefined && (holder.bodyUsed || holder.body?.locked === true))
    throw new TypeError('Cannot construct a Request with a Request object that has already been used')
  return {
    url: request === undefined ? stringOf(input) : request.url,
    method,
    headers: headersOf(member, request),
    body,
    request: holder,
    signal: signalOf(member, request),
    redirect: redirectOf(stringOf(or('redirect', 'follow'))),
    cache: stringOf(or('cache', 'default')),
    credentials: stringOf(or('credentials', 'same-origin')),
    integrity: stringOf(or('integrity', '')),
    referrer: referrerOf(init, member, request),
    duplex: member('duplex'),
    keepalive: or('keepalive', '') === true,
    priority: stringOf(member('priority') ?? 'auto'),
    settings: settingsOf(member('headgate')),
  }
}

/** Also one of another copy of the class, as npm's undici has. */
function isRequest(input: unknown): input is Request {
  if (input instanceof Request) return true
  if (typeof input !== 'object' || input === null || input instanceof URL) return false
  const { url, method, headers } = input as Partial<Request>
  return (
    Object.prototype.toString.call(input) === '[object Request]' &&
    [url, method].every((each) => typeof each === 'string') &&
    typeof headers === 'object'
  )
}

function checkMembers(member: Member): void {
  if (member('dispatcher') !== undefined)
    throw new TypeError(
      'init.dispatcher is undici’s way to the network, which this fetch does not take: use the options proxy, tls and pool of createClient',
    )
  checkSeldom(member)
  checkDuplex(member('duplex'))
}

/** A copy, normalized as the standard has it. */
function headersOf(member: Member, request: Request | undefined): Headers | undefined {
  const named = member('headers') as RequestInit['headers']
  const given = named === undefined ? request?.headers : named
  return given === undefined ? undefined : new Headers(given)
}

function checkSeldom(member: Member): void {
  const given = SELDOM.filter((name) => member(name) !== undefined)
  if (given.length === 0) return
  const members = Object.fromEntries(given.map((name) => [name, member(name)]))
  void new Request('http://checked.invalid/', members)
}

function checkDuplex(duplex: unknown): void {
  if (duplex !== undefined && stringOf(duplex) !== 'half')
    throw new TypeError(`init.duplex is ${JSON.stringify(duplex)}; allowed: "half"`)
}

function redirectOf(mode: string): RedirectMode {
  if (mode === 'follow' || mode === 'manual' || mode === 'error') return mode
  throw new TypeError(`init.redirect is ${JSON.stringify(mode)}; allowed: "follow", "manual" or "error"`)
}

/** Whatever `init` says, what a Request says of it no longer counts (WHATWG Fetch 5.4, step 12). */
function referrerOf(init: unknown, member: Member, request: Request | undefined): ToldReferrer | undefined {
  const named = member('referrer')
  if (named !== undefined) return { url: stringOf(named), policy: stringOf(member('referrerPolicy') ?? '') }
  if (request === undefined || request.referrer === 'about:client') return undefined
  if (init !== undefined && init !== null && Object.keys(init).length > 0) return undefined
  return { url: request.referrer, policy: request.referrerPolicy }
}

function signalOf(member: Member, request: Request | undefined): AbortSignal | undefined {
  const given = member('signal')
  const signal = given === undefined ? request?.signal : given
  if (signal === undefined || signal === null) return undefined
  if (isSignal(signal)) return signal
  throw new TypeError('init.signal is no AbortSignal')
}

/** Also one of a polyfill. */
function isSignal(value: unknown): value is AbortSignal {
  if (value instanceof AbortSignal) return true
  const { aborted, addEventListener } = Object(value) as Partial<AbortSignal>
  return typeof aborted === 'boolean' && typeof addEventListener === 'function'
}
