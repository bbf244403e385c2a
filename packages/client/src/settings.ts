import {
  own,
  type BackoffOptions,
  type CircuitOptions,
  type DecompressOptions,
  type DedupeOptions,
  type PacingOptions,
  type Credentials,
  type RedirectMode,
  type RequestCacheMode,
  RETRY_STATUSES,
} from '@headgate/core'
import type {
  CallOptions,
  ClientOptions,
  ConcurrencySettings,
  HedgeSettings,
  PolicyOptions,
  RateLimitSettings,
  RetrySettings,
  TimeoutSettings,
} from './options.ts'
import { PRESETS } from './presets.ts'

/** Options with nothing left open. */
export interface Settings {
  readonly timeout: { readonly [Part in keyof TimeoutSettings]-?: number }
  /** Whether the deadline ends streams of events as well: where a call itself names one, and where the origin is not trusted to end. */
  readonly endsStreams: boolean
  readonly retry: ResolvedRetry
  readonly hedge: HedgeSettings | undefined
  readonly breaker: CircuitOptions | undefined
  readonly rateLimit: RateLimitSettings | undefined
  readonly concurrency: ConcurrencySettings | undefined
  readonly pacing: PacingOptions | undefined
  readonly dedupe: DedupeOptions | undefined
  readonly decompress: DecompressOptions | undefined
  readonly resume: boolean
  readonly maxBody: number | undefined
  /** Undefined: redirects are delivered as they are. */
  readonly redirect: number | undefined
  readonly redirectMode: RedirectMode
  readonly auth: Credentials | undefined
  /** How the client's cache is used, if it has one. */
  readonly cacheMode: RequestCacheMode
  /** The unix socket of a call that names its own. */
  readonly socketPath: string | undefined
  /** Whether the client's jar is used, if it has one. */
  readonly cookies: boolean
  readonly maxBufferedBody: number
}

interface ResolvedRetry {
  readonly attempts: number
  readonly backoff: BackoffOptions
  readonly statuses: readonly number[] | undefined
  readonly methods: RetrySettings['methods']
  readonly shouldRetry: RetrySettings['shouldRetry']
  readonly beforeRetry: RetrySettings['beforeRetry']
  readonly maxRetryAfter: number
  readonly spool: number
  readonly budget: number
}

const TIMEOUTS = {
  connect: 5_000,
  head: 30_000,
  idle: 30_000,
  unread: 120_000,
  attempt: Infinity,
  deadline: 30_000,
}
const BACKOFF: BackoffOptions = { base: 100, max: 5_000 }

/** The preset, and on it layer by layer what else was said; a setting of several parts is completed, not replaced. */
export function settingsOf(options: ClientOptions, call: CallOptions = own({})): Settings {
  const preset = PRESETS[options.preset ?? 'standard']
  const layers = [preset, options, call]
  const merged: PolicyOptions = own(Object.assign({}, ...layers.map(definedOnly)))
  return {
    timeout: Object.assign({}, TIMEOUTS, ...layers.map(({ timeout }) => timeoutParts(timeout))),
    endsStreams: timeoutParts(call.timeout).deadline !== undefined || preset.guard === true,
    retry: retryOf(layers.map(({ retry }) => retry)),
    hedge: merged.hedge || undefined,
    breaker: merged.breaker || undefined,
    rateLimit: merged.rateLimit || undefined,
    concurrency:
      typeof merged.concurrency === 'number'
        ? { limit: merged.concurrency }
        : merged.concurrency || undefined,
    pacing: switched(merged.pacing ?? false),
    dedupe: switched(merged.dedupe ?? false),
    decompress: switched(merged.decompress ?? true),
    resume: merged.resume ?? false,
    maxBody: merged.maxBody,
    redirect: merged.redirect === false ? undefined : (merged.redirect ?? 20),
    auth: merged.auth || undefined,
    cookies: call.cookies !== false,
    cacheMode: call.cache ?? 'default',
    socketPath: call.socketPath,
    redirectMode: call.redirectMode ?? 'follow',
    maxBufferedBody: merged.maxBufferedBody ?? 16 * 1024 * 1024,
  }
}

/** True stands for all defaults. */
function switched<Options extends object>(option: boolean | Options): Options | undefined {
  if (option === true) return {} as Options // all of them are optional
  return option === false ? undefined : option
}

/** What was said, of options that may be there and say nothing. */
export function definedOnly<Options extends object>(options: Options): Partial<Options> {
  return own(
    Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
  ) as Partial<Options>
}

function timeoutParts(timeout: PolicyOptions['timeout']): TimeoutSettings {
  return typeof timeout === 'number' ? { deadline: timeout } : definedOnly(timeout ?? {})
}

function retryOf(layers: readonly PolicyOptions['retry'][]): ResolvedRetry {
  let settings: ResolvedRetry = {
    attempts: 3,
    backoff: BACKOFF,
    statuses: RETRY_STATUSES,
    methods: undefined,
    shouldRetry: undefined,
    beforeRetry: undefined,
    maxRetryAfter: 60_000,
    spool: 0,
    budget: 0.2,
  }
  for (const layer of layers) {
    if (layer === undefined) continue
    // A connection that was stale is still replaced: that is no retry in the caller's sense.
    if (layer === false) settings = { ...settings, attempts: 1, statuses: undefined }
    else if (typeof layer === 'number') settings = { ...settings, attempts: layer, statuses: RETRY_STATUSES }
    else {
      const { backoff, ...rest } = layer
      settings = {
        ...settings,
        statuses: settings.statuses ?? RETRY_STATUSES,
        ...definedOnly(rest),
        attempts: layer.attempts ?? Math.max(settings.attempts, 2),
        backoff: { ...settings.backoff, ...definedOnly(backoff ?? {}) } as BackoffOptions,
      } as ResolvedRetry
    }
  }
  return settings
}
