import { isIP } from 'node:net'
import type {
  AdaptiveOptions,
  AddressGuardOptions,
  BackoffOptions,
  CircuitOptions,
  DecompressOptions,
  DedupeOptions,
  DnsOptions,
  HedgeDelayOptions,
  PacingOptions,
  PoolOptions,
  ProxyOptions,
  TlsOptions,
} from '@headgate/core'
import { isToken } from '@headgate/core'
import { CACHE } from './cache/cache-check.ts'
import {
  callback,
  type Check,
  type Checks,
  checkedOptions,
  count,
  countFromZero,
  flag,
  isFunction,
  isObject,
  listOf,
  milliseconds,
  number,
  object,
  oneOf,
  or,
  secret,
  settings,
  share,
  text,
} from './option-check.ts'
import type {
  ClientOptions,
  CloseOptions,
  ConcurrencySettings,
  HedgeSettings,
  PolicyOptions,
  RateLimitSettings,
  RetrySettings,
  SocketPathOptions,
  TimeoutSettings,
} from './options.ts'

const off = oneOf(false)
const duration: Check = {
  allowed: 'milliseconds from 0, or Infinity',
  valid: (value) => typeof value === 'number' && value >= 0,
}
const texts = listOf(text)
const statuses = listOf({
  allowed: 'a status from 400 to 599',
  valid: (value) => Number.isInteger(value) && Number(value) >= 400 && Number(value) <= 599,
})

const methods = listOf({
  allowed: 'a method in capitals, as GET',
  valid: (value) => typeof value === 'string' && isToken(value) && value === value.toUpperCase(),
})

export const TIMEOUT_PARTS: Checks<TimeoutSettings> = {
  connect: milliseconds,
  head: milliseconds,
  idle: milliseconds,
  unread: milliseconds,
  attempt: milliseconds,
  deadline: milliseconds,
}

export const RETRY_PARTS: Checks<RetrySettings> = {
  attempts: count,
  backoff: settings<BackoffOptions>({
    base: duration,
    max: duration,
    jitter: oneOf('full', 'equal', 'decorrelated'),
  }),
  statuses,
  methods,
  shouldRetry: callback,
  beforeRetry: callback,
  maxRetryAfter: milliseconds,
  spool: countFromZero,
  budget: share,
}

const HEDGE_DELAY = settings<HedgeDelayOptions>({
  percentile: number,
  min: number,
  max: number,
  minimumSamples: number,
})

const CIRCUIT = settings<CircuitOptions>({
  consecutiveFailures: number,
  failurePercent: number,
  slowPercent: number,
  slowAfter: number,
  minimumRequests: number,
  window: number,
  openFor: number,
  maxOpenFor: number,
  probes: number,
})

const ADAPTIVE = settings<AdaptiveOptions>({
  initial: number,
  min: number,
  max: number,
  tolerance: number,
  smoothing: number,
  interval: number,
  minimumSamples: number,
})

/** Whoever comes from `fetch` looks for its word. */
const REDIRECTS =
  'false, or how many to follow, from 0; what fetch calls manual, follow and error is the option redirectMode of a call'

/** Of everything that a client, and within limits a call, may say of policies. */
export const POLICY_CHECKS: Checks<PolicyOptions> = {
  timeout: or(milliseconds, settings(TIMEOUT_PARTS)),
  retry: or(off, count, settings(RETRY_PARTS)),
  hedge: or(off, settings<HedgeSettings>({ delay: or(number, HEDGE_DELAY), hedges: number })),
  breaker: or(off, CIRCUIT),
  rateLimit: or(
    off,
    settings<RateLimitSettings>({ rate: number, per: number, burst: number, maxWait: number }),
  ),
  concurrency: or(
    off,
    count,
    settings<ConcurrencySettings>({
      limit: or(number, oneOf('adaptive'), ADAPTIVE),
      queue: number,
      queueTimeout: number,
    }),
  ),
  pacing: or(
    flag,
    settings<PacingOptions>({
      key: callback,
      maxWait: number,
      queue: number,
      spread: number,
      maxKeys: number,
    }),
  ),
  dedupe: or(
    flag,
    settings<DedupeOptions>({
      fields: texts,
      identity: callback,
      buffer: or(countFromZero, oneOf(Infinity)),
      shareable: callback,
    }),
  ),
  resume: flag,
  decompress: or(flag, settings<DecompressOptions>({ maxSize: number, maxRatio: number })),
  maxBody: count,
  redirect: { ...or(off, countFromZero), allowed: REDIRECTS },
  auth: or(
    off,
    secret({
      allowed: 'credentials, as bearer(...) makes them',
      valid: (value) => isObject(value) && typeof (value as { proof?: unknown }).proof === 'function',
    }),
  ),
  maxBufferedBody: or(count, oneOf(Infinity)),
}

const bytes: Check = { allowed: 'a Buffer', valid: (value) => value instanceof Uint8Array }
const pem = secret(or(text, bytes, listOf(or(text, bytes)), callback))
const TLS = settings<TlsOptions>({
  ca: pem,
  cert: pem,
  key: secret(or(text, bytes, callback)),
  passphrase: secret(or(text, callback)),
  pins: or(text, texts, callback),
  servername: text,
  minVersion: oneOf('TLSv1.2', 'TLSv1.3'),
  maxVersion: oneOf('TLSv1.2', 'TLSv1.3'),
  verify: flag,
})

/** What `sockaddr_un` holds on Linux and macOS, give or take: a longer one would be cut short. */
const LONGEST_PATH = 103

/** The path of a unix socket. */
export const socket: Check = {
  allowed: `the absolute path of a unix socket, of ${LONGEST_PATH} characters at most, without ".", ".." and "//" in it`,
  valid: (value) =>
    typeof value === 'string' &&
    /^(?:\/(?!\.{1,2}(?:\/|$))[^/\0]+)+$/.test(value) &&
    value.length <= LONGEST_PATH,
}

const GUARD = settings<AddressGuardOptions>({
  allowHosts: texts,
  allow: texts,
  deny: texts,
  ports: or(oneOf('any'), listOf(number)),
  schemes: texts,
})

export const QUERY_ARRAYS: Check = oneOf('repeat', 'comma', 'brackets', 'indices')

/** Of everything that only a client may say, too. */
export const CLIENT_CHECKS: Checks<ClientOptions> = {
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
  query: {
    allowed: 'an object of names and values, URLSearchParams, text, or a list of pairs',
    valid: (value) => typeof value === 'string' || (typeof value === 'object' && value !== null),
  },
  queryArrays: QUERY_ARRAYS,
  throwOnStatus: flag,
  parseJson: callback,
  cookies: or(
    flag,
    secret({
      allowed: 'a CookieJar',
      valid: (value) => isObject(value) && isFunction((value as { store?: unknown }).store),
    }),
  ),
  cache: or(flag, CACHE),
  guard: or(flag, GUARD),
  policies: listOf({ allowed: 'a policy, as (next) => (exchange) => next(exchange)', valid: isFunction }),
  tls: TLS,
  pool: settings<PoolOptions>({
    maxConnections: or(count, oneOf(Infinity)),
    maxPending: or(countFromZero, oneOf(Infinity)),
    pendingTimeout: duration,
    idleTimeout: duration,
    maxAge: duration,
  }),
  proxy: or(
    text,
    settings<ProxyOptions>({
      http: oneOf('connect', 'absolute-form'),
      url: text,
      noProxy: or(texts, { allowed: 'text', valid: isText }),
      tls: TLS,
    }),
  ),
  socketPath: or(socket, settings<SocketPathOptions>({ path: socket, allow: listOf(socket) })),
  localAddress: {
    allowed: 'an IP address of this machine',
    valid: (value) => typeof value === 'string' && isIP(value) !== 0,
  },
  lookup: callback,
  dns: settings<DnsOptions>({
    servers: texts,
    timeToLive: duration,
    maxStale: duration,
    failureTime: duration,
    maxNames: count,
  }),
  maxResponseHead: count,
  http2: {
    allowed: 'true, false, "alpn" or "h2c"',
    valid: (value) => typeof value === 'boolean' || value === 'alpn' || value === 'h2c',
  },
  transport: {
    allowed:
      'a handler of the engine, as that of a gateway, or an object with a function fetch from Request to Response',
    valid: (value) =>
      isFunction(value) || (isObject(value) && isFunction((value as { fetch?: unknown }).fetch)),
  },
  clock: object,
  tracing: or(flag, object),
  lint: flag,
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

const CLOSE_CHECKS: Checks<CloseOptions> = { grace: duration }

/** @throws TypeError that names the option, its value and what is allowed */
export function closeOptions(options: CloseOptions): CloseOptions {
  return checkedOptions('the options of close', options, CLOSE_CHECKS, 'close.')
}

/** The options of a client that `options` has itself. @throws TypeError that names the option, its value and what is allowed */
export function clientOptions(options: ClientOptions): ClientOptions {
  return checkedOptions('the options of createClient or extend', options, CLIENT_CHECKS)
}
