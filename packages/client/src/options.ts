import type {
  AdaptiveOptions,
  AddressGuardOptions,
  BackoffOptions,
  CacheStore,
  CircuitOptions,
  Clock,
  CookieJar,
  DecompressOptions,
  DedupeOptions,
  DnsOptions,
  Credentials,
  HedgeDelayOptions,
  PacingOptions,
  Policy,
  PoolOptions,
  ProxyOptions,
  RateLimit,
  RedirectMode,
  RequestCacheMode,
  TlsOptions,
} from '@headgate/core'
import type { HostLookup } from './host-lookup.ts'
import type { OpenTelemetryApi } from './open-telemetry.ts'
import type { Transport } from './code-transport.ts'
import type { HeadersInput } from './headers-input.ts'
import type { InformationalListener } from './informational.ts'
import type { ProgressListener } from './progress.ts'
import type { BodyInput } from './request-body.ts'
import type { Query, QueryArrays } from './query.ts'
import type { BeforeRetry, ShouldRetry } from './retry-facts.ts'

/** A named set of defaults, see `PRESETS`. */
export type PresetName = 'standard' | 'fetch' | 'untrusted' | 'minimal' | 'crawler'

/** How long each part of a call may take, in milliseconds; Infinity for no limit. */
export interface TimeoutSettings {
  /** Name resolution, connection and TLS handshake. Default 5,000. */
  readonly connect?: number | undefined
  /** From the request's end to the response's head. Default 30,000. */
  readonly head?: number | undefined
  /** Without a byte of the response's body, while it is read. Default 30,000. */
  readonly idle?: number | undefined
  /**
   * Until somebody begins to read a response's body that has not ended. The first 64 KiB are read ahead, so that this is about
   * larger ones. Then the body is given up, and its connection. Default 120,000.
   */
  readonly unread?: number | undefined
  /** One attempt, to the response's head. Default: no limit of its own. */
  readonly attempt?: number | undefined
  /** The whole call, to the body's end, with all attempts, queues and back-offs. Default 30,000. */
  readonly deadline?: number | undefined
}

/** When a call is tried again. */
export interface RetrySettings {
  /** Tries in all. Default 3. */
  readonly attempts?: number | undefined
  /** How long to wait before each further try. */
  readonly backoff?: Partial<BackoffOptions> | undefined
  /** Statuses to try again on. Default 408 425 429 500 502 503 504, of which 500 only where the method is idempotent. */
  readonly statuses?: readonly number[] | undefined
  /**
   * The only methods to try again, in capitals, each as one that does no harm when it is done twice. Default: those that are so by
   * definition, any with an Idempotency-Key, and any that the origin did not see or refused unseen.
   */
  readonly methods?: readonly string[] | undefined
  /**
   * Asked of each failure, statuses of 400 and more among them: true and false decide, undefined leaves it to the client. A body that
   * cannot be sent again is not, whatever is said, and attempts, deadline, Retry-After and budget hold.
   */
  readonly shouldRetry?: ShouldRetry | undefined
  /** Called before each further try, after the wait, and waited for. What it returns changes the request. */
  readonly beforeRetry?: BeforeRetry | undefined
  /** The longest Retry-After to wait for, in milliseconds. Default 60,000. */
  readonly maxRetryAfter?: number | undefined
  /** Bytes of a streamed request body to keep for another try. Default 0. */
  readonly spool?: number | undefined
  /** Retries and hedges per call, over ten seconds. Default 0.2. */
  readonly budget?: number | undefined
}

/** When one more request is sent before the first is answered. */
export interface HedgeSettings {
  /** Milliseconds, or a percentile of what responses took so far. */
  readonly delay: number | HedgeDelayOptions
  /** How many more are sent at most. Default 1. */
  readonly hedges?: number | undefined
}

/** How many requests are sent to one origin. */
export interface RateLimitSettings extends RateLimit {
  /** Milliseconds to wait for a turn. Default: as long as the deadline allows. */
  readonly maxWait?: number | undefined
}

/** How many requests to one origin are under way at the same time. */
export interface ConcurrencySettings {
  /** A fixed number, or one that follows the origin's latency. */
  readonly limit: number | 'adaptive' | AdaptiveOptions
  /** How many may wait. Default 1,000. */
  readonly queue?: number | undefined
  /** How long each may wait, in milliseconds. Default: as long as the deadline allows. */
  readonly queueTimeout?: number | undefined
}

/** Who goes first where requests wait for a slot; what waits long enough rises, so that nothing starves. */
export type Priority = 'high' | 'normal' | 'low'

/** Where responses are kept: one of the two, or neither. */
export interface CacheSettings {
  /**
   * One that several clients share, or that is kept elsewhere: as `ProcessStore` of `@headgate/core`. Entries are found by those alone who send the same
   * credentials. Default: one in memory, of the client's own.
   */
  readonly store?: CacheStore | undefined
  /** Bytes of the client's own store, heads and keys included; beyond them what was unused for longest goes. Default 64 MiB. */
  readonly maxBytes?: number | undefined
}

/** What may be said of policies. */
export interface PolicyOptions {
  /** Milliseconds for the whole call, or each part of it. */
  readonly timeout?: number | TimeoutSettings | undefined
  /** Tries in all, or more about them; false for one. Default 3, but for `minimal`. */
  readonly retry?: false | number | RetrySettings | undefined
  /** Whether and when an idempotent request is sent once more. Default: off. */
  readonly hedge?: false | HedgeSettings | undefined
  /** When calls to an origin fail at once. Default: on, but for `minimal`. */
  readonly breaker?: false | CircuitOptions | undefined
  /** How many requests are sent to one origin. Default: no limit. */
  readonly rateLimit?: false | RateLimitSettings | undefined
  /** Requests to one origin at the same time, or more about them. Default: as many as the pool has connections. */
  readonly concurrency?: false | number | ConcurrencySettings | undefined
  /** Whether to slow down as the origin's RateLimit fields ask, before it refuses. Default: only for the preset `crawler`. */
  readonly pacing?: boolean | PacingOptions | undefined
  /** Whether GET and HEAD requests that are the same are sent once while one of them is under way. Default: off. */
  readonly dedupe?: boolean | DedupeOptions | undefined
  /** Whether the rest of a GET's body that breaks off is asked for, where an ETag proves that it fits. Default: off. */
  readonly resume?: boolean | undefined
  /** Whether compressed responses are asked for and decoded. Default: on. */
  readonly decompress?: boolean | DecompressOptions | undefined
  /** The most bytes that a response may bring, decoded, read as a stream or not. Default: no limit, but for `untrusted` and `crawler`. */
  readonly maxBody?: number | undefined
  /** How many redirects to follow; false delivers them as they are. Default 20, for `untrusted` and `crawler` 10. */
  readonly redirect?: false | number | undefined
  /**
   * Who asks: made by `bearer`, `basic`, `apiKey`, `digest` or `oauth2`. Sent to the origin of `baseUrl` only, or to those that the
   * credentials name.
   */
  readonly auth?: false | Credentials | undefined
  /** Bytes that `json()`, `text()` and their like hold at most. Default 16 MiB. */
  readonly maxBufferedBody?: number | undefined
}

/** Which unix sockets requests may go to. */
export interface SocketPathOptions {
  /** The one that requests go to, but for calls that name another. Default: none, they go to the host of their URL. */
  readonly path?: string | undefined
  /** Those that a call may name by its own `socketPath`, each by its absolute path. Default: none. */
  readonly allow?: readonly string[] | undefined
}

/** Options of `createClient`. */
export interface ClientOptions extends PolicyOptions {
  /** What the defaults are for. Default `standard`. */
  readonly preset?: PresetName | undefined
  /** For events, metrics and traces. Default `client`. */
  readonly name?: string | undefined
  /** What paths are appended to. */
  readonly baseUrl?: string | URL | undefined
  /**
   * Sent with each request to the origin of `baseUrl`, and with every request where there is none. Other origins, as of absolute URLs and
   * redirects, get only those that say nothing of who asks, as Accept-Language. Default: `User-Agent: headgate/VERSION`, and an Accept for everything;
   * undefined leaves one of them out.
   */
  readonly headers?: HeadersInput | undefined
  /** Query parameters of each request to the origin of `baseUrl`, and of every request where there is none; those of the URL and of the call count more. */
  readonly query?: Query | undefined
  /** How a list of values is written into the query: `a=1&a=2`, `a=1,2`, `a[]=1&a[]=2` or `a[0]=1&a[1]=2`. Default `repeat`. */
  readonly queryArrays?: QueryArrays | undefined
  /** Whether a status of 400 or more is an error of `get` and its like. Default true. */
  readonly throwOnStatus?: boolean | undefined
  /** Reads JSON in place of `JSON.parse`, for `json()` of all but `fetch`: as with a reviver, or for numbers beyond 2^53. */
  readonly parseJson?: ((text: string) => unknown) | undefined
  /** Whether cookies are kept and sent, in a jar of the client's own or the one given. Default: off. */
  readonly cookies?: boolean | CookieJar | undefined
  /** Whether responses are kept and used again, as RFC 9111 allows a private cache, or where they are kept. Default: off. */
  readonly cache?: boolean | CacheSettings | undefined
  /** Keeps requests away from addresses that are not public. Default: off, but for `untrusted` and `crawler`. */
  readonly guard?: boolean | AddressGuardOptions | undefined
  /** The caller's own policies, outermost first; they stand outside of redirects and retries. */
  readonly policies?: readonly Policy[] | undefined
  /** Whom to trust, and who one is oneself, for origins of https. Default: the public authorities, and nobody. */
  readonly tls?: TlsOptions | undefined
  /**
   * Whether HTTP/2 is spoken: with `true` or `alpn` to origins of https that choose it in the TLS handshake, with `h2c` to those of http, too,
   * which must then speak it. A connection is shared by many calls. Default: false, HTTP/1.1 alone.
   */
  readonly http2?: boolean | 'alpn' | 'h2c' | undefined
  /** Bytes of a response's head at most: status line and fields; 100 fields for each 16 KiB. Default 16 KiB. */
  readonly maxResponseHead?: number | undefined
  /** Connections to each origin. */
  readonly pool?: Partial<PoolOptions> | undefined
  /** HTTP CONNECT or SOCKS5, as its URL or with more about it, or `environment` for what HTTPS_PROXY and its like say. Default: none. */
  readonly proxy?: ProxyOptions | string | undefined
  /**
   * The unix socket that requests go to in place of the host of their URL, by its absolute path, or more about it. The URL still says
   * what Host and TLS go by. A guard lets nothing go there. Default: none.
   */
  readonly socketPath?: string | SocketPathOptions | undefined
  /** The address of this machine to connect from. Only addresses of its family are connected to. Default: the system's choice. */
  readonly localAddress?: string | undefined
  /**
   * Says which addresses a host has, in place of the system's resolver: a function of the host that gives one address or a list, or one
   * like `dns.lookup` of Node. What it says is kept as `dns` says, and a guard judges it. Default: the system's resolver.
   */
  readonly lookup?: HostLookup | undefined
  /** How names are resolved, and for how long the answers are kept. */
  readonly dns?: DnsOptions | undefined
  /**
   * Answers in place of the network: a handler of the engine, as a gateway's or a test's; or an object with `fetch`, a function from `Request` to
   * `Response`.
   */
  readonly transport?: Transport | undefined
  /** Time and chance: for tests. Default: the system's. */
  readonly clock?: Clock | undefined
  /**
   * Spans of calls and attempts, and `traceparent` on requests. Default: through `@opentelemetry/api` if the program has it; false
   * for none, or the API itself.
   */
  readonly tracing?: boolean | OpenTelemetryApi | undefined
  /** Whether options that do not do together what was meant are told as warnings of the process. Default true. */
  readonly lint?: boolean | undefined
}

/** What a call may say of policies: what keeps connections or state can only be switched off for it. */
export interface CallPolicyOptions
  extends Pick<PolicyOptions, 'resume' | 'decompress' | 'maxBody' | 'redirect' | 'auth' | 'maxBufferedBody'> {
  /** Milliseconds for the whole call, or for an attempt, too. */
  readonly timeout?: number | Pick<TimeoutSettings, 'attempt' | 'deadline'> | undefined
  /** Tries in all, or more about them; false for one. */
  readonly retry?: false | number | Omit<RetrySettings, 'budget'> | undefined
  /** Whether and when an idempotent request is sent once more: a percentile is for a client, which knows what responses took. */
  readonly hedge?: false | (HedgeSettings & { readonly delay: number }) | undefined
  /** Neither sends the cookies of the client's jar nor keeps those that come. */
  readonly cookies?: false | undefined
  readonly breaker?: false | undefined
  readonly rateLimit?: false | undefined
  readonly concurrency?: false | undefined
  readonly pacing?: false | undefined
  readonly dedupe?: false | undefined
}

/** Who is told how a call goes on: at most ten times a second, and of the end. */
export interface CallListeners {
  /** Told how many bytes of the request's content were sent, and how many there are if that is known. Each attempt begins anew. */
  readonly onUploadProgress?: ProgressListener | undefined
  /** Told how many bytes of the response's content came, decoded, and how many there are if that is known. Content comes as it is read. */
  readonly onDownloadProgress?: ProgressListener | undefined
  /** Told of each response of 1xx before the final one, as 103 (Early Hints) with its Link fields. Never of 100 and 101. */
  readonly onInformational?: InformationalListener | undefined
}

/** Options of `close`. */
export interface CloseOptions {
  /** Milliseconds that calls under way have to finish; Infinity for as long as they take. Default 10,000. */
  readonly grace?: number | undefined
}

/** Options of one call. */
export interface CallOptions extends CallPolicyOptions, CallListeners {
  /** For `fetch`, `attempt`, `sse`, `paginate` and `explain`. Default: GET. */
  readonly method?: string | undefined
  /** Added to the client's, and put in their place where names are the same; undefined leaves the client's out. */
  readonly headers?: HeadersInput | undefined
  /** Parameters to add to the URL's own and the client's; undefined leaves one out; or `URLSearchParams`, text, pairs. */
  readonly query?: Query | undefined
  /** How a list of values is written into the query. Default: what the client says. */
  readonly queryArrays?: QueryArrays | undefined
  /** What to send; a function is called for each attempt, so that a stream can be sent again. */
  readonly body?: BodyInput | null | undefined
  /** A value to send as JSON. */
  readonly json?: unknown
  /** The unix socket that this call goes to, redirects included: one that `socketPath.allow` of the client names. */
  readonly socketPath?: string | undefined
  /** Gives the call up, wherever it stands. */
  readonly signal?: AbortSignal | null | undefined
  /** Who goes first where calls wait for a slot (`concurrency`). Default `normal`. */
  readonly priority?: Priority | undefined
  /**
   * How the client's cache is used, as in `fetch`: `no-store` goes past it, `reload` stores anew, `no-cache` asks the origin whether what is stored still holds,
   * `force-cache` takes what is stored however old it is, and `only-if-cached` does without the network: what is not stored is a 504. Default `default`.
   */
  readonly cache?: RequestCacheMode | undefined
  /** As in `fetch`; `manual` delivers a redirect as it is. Default: what the client does. */
  readonly redirectMode?: RedirectMode | undefined
  /** Whether a status of 400 or more is an error. Default: what the client says; for `fetch`, false. */
  readonly throwOnStatus?: boolean | undefined
}
