export {
  asBuffer,
  type Body,
  type BodySink,
  type BodySource,
  bodyFrom,
  collect,
  EMPTY_BODY,
  StreamBody,
  WholeBody,
} from './message/body.ts'
export {
  ERROR_FACTS,
  type ErrorCode,
  type ErrorDetails,
  type ErrorFacts,
  type ErrorPhase,
  type ErrorSource,
  type ReplaySafety,
  TrafficError,
} from './message/errors.ts'
export { Exchange, type Cancellable, type Outcome, type Peer, type TimeLimit } from './message/exchange.ts'
export { type Fact, fact } from './message/fact.ts'
export { BoundedMap } from './policies/bounded-map.ts'
export { copyExchange, type CopyOptions, Fork } from './message/fork.ts'
export { type Handler, type Policy, stack } from './message/handler.ts'
export { isHttpResponse, ownPolicy } from './message/own-policy.ts'
export {
  buildLayers,
  type BuiltLayer,
  composeLayers,
  fillPlaces,
  type Layer,
  type PolicyPlace,
} from './message/layer.ts'
export type { HeaderField } from './message/header-line.ts'
export { HeaderList } from './message/headers.ts'
export {
  HttpRequest,
  type HttpVersion,
  isIdempotent,
  isSafe,
  type RequestParts,
  type Scheme,
} from './message/request.ts'
export { REASON_PHRASES } from './message/reason-phrases.ts'
export { hasNoContent, HttpResponse, type Tunnel } from './message/response.ts'
export { formatUrl, isSameOrigin, type UrlParts, urlParts } from './message/reference.ts'
export { resolveReference } from './message/resolve-reference.ts'
export {
  type Authority,
  canonicalAuthority,
  canonicalPath,
  checkQuery,
  InvalidTarget,
  type PathForm,
  STRICT_PATHS,
} from './message/target.ts'
export {
  didYouMean,
  knownOptions,
  type OptionNames,
  own,
  ownDeep,
  unknownOption,
} from './message/own-options.ts'
export { type Clock, SystemClock, systemClock, TICK_MS } from './time/clock.ts'
export type { Timer } from './time/timer.ts'
export {
  type ClientConnectionOptions,
  DEFAULT_CLIENT_OPTIONS,
  DEFAULT_SERVER_OPTIONS,
  type ServerConnectionOptions,
} from './socket/connection-options.ts'
export { ClientConnection } from './h1/client-connection.ts'
export type { HttpProtocol } from './upstream/endpoint/endpoint-protocols.ts'
export type { ConnectionOwner, DownstreamConnection } from './message/connections.ts'
export type { HeadLimits } from './message/head-limits.ts'
export type { ExchangeTimes, PaceLimits } from './message/exchange-times.ts'
export { ServerConnection } from './h1/server-connection.ts'
export { addressOf, peerOf, tellPeer } from './socket/peer.ts'
export type { ProxiedConnection, ProxiedTls, ProxyHeader } from './socket/proxy-protocol/proxied.ts'
export { readProxyHeader } from './socket/proxy-protocol/read-header.ts'
export { acceptConnection, type Protocol } from './accept/accept.ts'
export type { AcceptOptions } from './accept/accept-options.ts'
export { DEFAULT_HTTP2_LIMITS, type Http2Limits } from './h2/connection-options.ts'
export type { ServerConnectionOwner } from './message/responder.ts'
export { listHas } from './h1/framing.ts'
export { protocolsToPass } from './h1/upgrade.ts'
export { sentFields } from './h1/write-head.ts'
export { forwarding, type ForwardingOptions } from './policies/forwarding.ts'
export { clientSeer } from './policies/seen-client.ts'
export {
  type AccessLog,
  failureCode,
  observe,
  type ObserveOptions,
  type RouteMetrics,
} from './policies/observe.ts'
export { problem, problemResponse } from './policies/problem.ts'
export { CookieJar, type CookieJarOptions, type StoredCookie } from './policies/cookies/cookie-jar.ts'
export { cookies, type CookiesOptions } from './policies/cookies/cookies.ts'
export {
  compress,
  COMPRESSED_TYPES,
  type CompressOptions,
  DEFAULT_LEVELS,
  DEFAULT_MIN_SIZE,
} from './policies/compress/compress.ts'
export { type AppliedCoding, APPLIED_CODINGS, LEVELS as CODING_LEVELS } from './policies/compress/encode.ts'
export {
  type CodedFields,
  codedFieldsOf,
  decodedContent,
  decompress,
  type DecompressOptions,
} from './policies/decompress/decompress.ts'
export { misdirected } from './policies/misdirected.ts'
export {
  redirect,
  type Redirect,
  type RedirectMode,
  type RedirectOptions,
  redirectsOf,
} from './policies/redirect/redirect.ts'
export { cache } from './policies/cache/cache.ts'
export { CacheOnUse } from './policies/cache/cache-on-use.ts'
export type { CacheOptions, RequestCacheMode } from './policies/cache/cache-options.ts'
export type { CacheOutcome, Forwarded } from './policies/cache/cache-status.ts'
export type { Right } from './policies/cache/choose.ts'
export {
  foreseeCache,
  type Foresight,
  type ForeseenLookup,
  type StoredFacts,
} from './policies/cache/foresee.ts'
export {
  allowsPart,
  clientHas,
  isAsExpected,
  type Validated,
} from './policies/cache/conditional.ts'
export { notModified } from './policies/cache/stored-answer.ts'
export { RecencyMap } from './policies/cache/recency-map.ts'
export type { CacheKeyParts, KeyFacts } from './policies/cache/key.ts'
export type { Way } from './policies/cache/way.ts'
export type {
  Claim,
  ClaimEnd,
  ClaimState,
  FetchClaims,
  KnownEnd,
  OtherClaim,
  OwnClaim,
} from './policies/cache/claims.ts'
export { isSelected } from './policies/cache/selected.ts'
export { decodeHead, encodeHead } from './policies/cache/head-codec.ts'
export { ProcessStore, type ProcessStoreOptions } from './policies/cache/process-store.ts'
export {
  type PurgeListener,
  RedisPurgeFeed,
  type RedisPurgeFeedOptions,
} from './policies/cache/redis/purge-feed.ts'
export { RedisStore, type RedisStoreOptions } from './policies/cache/redis/redis-store.ts'
export type { RedisCommands, RedisReply } from './policies/redis-commands.ts'
export { TieredStore, type TieredStoreOptions } from './policies/cache/tiered-store.ts'
export { DiskCacheError } from './policies/cache/disk/disk-error.ts'
export { type DiskCacheOptions, DiskOwner } from './policies/cache/disk/disk-owner.ts'
export { answerDiskPort, DiskPort } from './policies/cache/disk/disk-port.ts'
export type { DiskShared } from './policies/cache/disk/disk-shared.ts'
export { type DiskStats, DiskStore, type DiskStoreOptions } from './policies/cache/disk/disk-store.ts'
export { makeFolder } from './policies/cache/disk/make-folder.ts'
export { OwnDiskStore } from './policies/cache/disk/own-disk-store.ts'
export {
  type CacheMemory,
  type CacheMemoryOptions,
  createCacheMemory,
} from './policies/cache/memory/cache-memory.ts'
export { cacheThreadEnded, SharedMemoryStore } from './policies/cache/memory/shared-memory-store.ts'
export {
  type CacheKey,
  type CacheStore,
  type EntryWriter,
  HEAD_RULES,
  type MaybePromise,
  type Selection,
  type StoredEntry,
  type StoredHead,
  type StoredRange,
  type StoreStats,
} from './policies/cache/store.ts'
export { sizeLimit, type SizeLimitOptions } from './policies/size-limit.ts'
export { requestId, type RequestIdOptions } from './policies/request-id.ts'
export { GRPC_RETRY_STATUSES, isReplayable, RETRY_STATUSES } from './policies/retry/retry-decision.ts'
export { type FailedTry, retry, type RetryOptions } from './policies/retry/retry.ts'
export type { BackoffOptions, Jitter } from './policies/retry/backoff.ts'
export { RetryBudget, type RetryBudgetOptions } from './policies/retry/retry-budget.ts'
export { times } from './policies/times.ts'
export { timeout, type TimeoutOptions } from './policies/timeout.ts'
export { attemptTimeout, type AttemptTimeoutOptions } from './policies/attempt-timeout.ts'
export { MAX_WEIGHT } from './upstream/endpoint/weight.ts'
export {
  type ConnectListener,
  type ConnectionOptions,
  MAX_PRIORITY,
} from './upstream/endpoint/endpoint-open.ts'
export { SingleEndpoint } from './upstream/single-endpoint.ts'
export { type ConnectTarget, targetName } from './upstream/connect/connect.ts'
export {
  type EndpointOptions,
  type EndpointStats,
  Upstream,
  type UpstreamOptions,
} from './upstream/upstream.ts'
export { UPSTREAM_STEPS, type UpstreamStep, upstreamSteps } from './upstream/steps.ts'
export {
  type DnsOptions,
  type Lookup,
  type ResolvedAddress,
  Resolver,
  type ResolverOptions,
} from './upstream/connect/dns.ts'
export {
  AddressGuard,
  type AddressGuardOptions,
  type GuardedPlace,
  type Verdict,
} from './upstream/guard/guard.ts'
export {
  type Environment,
  type Proxy,
  proxyFor,
  proxySetting,
  type ProxyOptions,
  type ProxySetting,
} from './upstream/proxy/proxy.ts'
export type { PoolOptions, PoolStats } from './upstream/pool/pool-options.ts'
export { proxyProtocol } from './upstream/pool/proxy-protocol.ts'
export { type Pem, type PerConnection, type TlsOptions, TlsOrigin } from './upstream/connect/tls.ts'
export { type HandshakeListener, TLS_FAILURES, type TlsFailure } from './upstream/connect/tls-failure.ts'
export { Counter, Gauge } from './telemetry/counters.ts'
export { EXPOSITION_TYPE } from './telemetry/exposition.ts'
export { DURATION_BOUNDS, Histogram } from './telemetry/histogram.ts'
export {
  type Labels,
  type Metric,
  metric,
  type MetricKind,
  type StatedMetric,
} from './telemetry/metric.ts'
export { MetricRegistry, type SeriesList, type SharedMetrics } from './telemetry/registry.ts'
export { redactQuery } from './telemetry/redact.ts'
export { isSecretField, isSecretName } from './telemetry/secret-names.ts'
export { breaker, type BreakerOptions, isUpstreamFailure } from './policies/breaker/breaker.ts'
export { type CircuitListener, Circuits, type CircuitsOptions } from './policies/breaker/circuits.ts'
export type { CircuitOptions, CircuitState } from './policies/breaker/breaker-state.ts'
export { rateLimit, type RateLimitOptions } from './policies/rate-limit/rate-limit.ts'
export {
  LocalRateLimitStore,
  type LocalRateLimitOptions,
  type RateLimitStore,
} from './policies/rate-limit/rate-limit-store.ts'
export {
  gcra,
  type GcraParameters,
  gcraParameters,
  type GcraResult,
  type RateDecision,
  type RateLimit,
} from './policies/rate-limit/gcra.ts'
export { hedge, type HedgeOptions } from './policies/hedge/hedge.ts'
export type { HedgeDelayOptions } from './policies/hedge/hedge-delay.ts'
export { ReplayBody } from './message/replay.ts'
export { originKey } from './policies/origin-key.ts'
export { traceAttempt, traceExchange } from './policies/trace.ts'
export { type Span, type TraceContext, type Tracer, traceparent } from './telemetry/tracer.ts'
export { AdaptiveLimit, type AdaptiveOptions } from './policies/concurrency/adaptive.ts'
export { type ConcurrencyLimit, FixedLimit } from './policies/concurrency/concurrency-limit.ts'
export { concurrency, type ConcurrencyOptions, isOverload } from './policies/concurrency/concurrency.ts'
export { Limiter, type LimiterOptions } from './policies/concurrency/limiter.ts'
export { type Waiting, WaitingLine } from './policies/concurrency/waiting-line.ts'
export { dedupe, type DedupeOptions } from './policies/dedupe/dedupe.ts'
export { isShareable } from './policies/dedupe/dedupe-key.ts'
export { pacing, type PacingOptions } from './policies/pacing/pacing.ts'
export { preferredType } from './fields/media.ts'
export { mediaType } from './fields/media-type.ts'
export { contentChanged } from './fields/content-changed.ts'
export { mediaTypeTest } from './policies/compress/media-types.ts'
export { acceptedCoding } from './fields/accept-encoding.ts'
export { addVary } from './fields/vary-names.ts'
export { type AskedRange, askedRanges } from './fields/byte-ranges.ts'
export { httpDate, parseHttpDate } from './fields/http-date.ts'
export { comparedText, fieldText, fieldValue } from './fields/field-text.ts'
export { connectionNames, isClaim, isHopByHop } from './fields/hop-by-hop.ts'
export { addOwnCookie } from './fields/own-cookie.ts'
export { parseQuotas, type Quota } from './fields/rate-limit.ts'
export { parseRetryAfter } from './fields/retry-after.ts'
export { numberOf, parseDictionary, parseItem, parseList } from './fields/structured.ts'
export type {
  BareItem,
  Dictionary,
  InnerList,
  Item,
  List,
  Member,
  Parameters,
} from './fields/structured-types.ts'
export { serializeDictionary, serializeItem, serializeList } from './fields/structured-writer.ts'
export { drain, type DrainLimits } from './message/drain.ts'
export {
  auth,
  type AuthOptions,
  type Credentials,
  type MaybeProof,
  type Proof,
} from './policies/auth/auth.ts'
export { type ApiKeyOptions, apiKey, basic } from './policies/auth/basic.ts'
export { bearer, type CredentialOptions, type TokenRequest } from './policies/auth/bearer.ts'
export { digest } from './policies/auth/digest.ts'
export type { OAuth2Options } from './policies/auth/oauth2-grant.ts'
export { oauth2 } from './policies/auth/oauth2.ts'
export { type Challenge, parseChallenges } from './fields/challenge.ts'
export {
  encodeGrpcMessage,
  GRPC_STATUSES,
  type GrpcStatus,
  isGrpc,
  isGrpcWeb,
  mayBeGrpc,
  parseGrpcStatus,
  statusFromHttp,
} from './fields/grpc.ts'
export { addGrpcStatus, grpcStatus } from './policies/grpc-status.ts'
export { isStream } from './fields/stream-types.ts'
export { EventStreamParser, type ServerSentEvent } from './fields/event-stream.ts'
export { eventText, type WrittenEvent } from './fields/event-text.ts'
export { type Link, parseLinks } from './fields/link.ts'
export { resume, type ResumeOptions } from './policies/resume/resume.ts'
export { clientNetwork } from './policies/rate-limit/client-network.ts'
export { type QuotaLimit, rateLimits, type RateLimitsOptions } from './policies/rate-limit/rate-limits.ts'
export {
  LARGEST_SHARED_WINDOW,
  SharedRateLimitStore,
  type SharedRateLimitOptions,
} from './policies/rate-limit/shared-rate-limit-store.ts'
export { type CalendarWindow, LARGEST_CALENDAR_COUNT } from './policies/rate-limit/calendar-count.ts'
export { allocateSharedTable } from './policies/rate-limit/shared-table.ts'
export { fallback, type FallbackOptions } from './policies/fallback.ts'
export {
  type Load,
  LoadGauge,
  type LoadLimits,
  loadShed,
  type LoadShedOptions,
} from './policies/load-shed.ts'
export { passDeadline, type PassDeadlineOptions } from './policies/pass-deadline.ts'
export { parseRequestTimeout } from './fields/request-timeout.ts'
export { type ConnectionFacts, WireFacts } from './message/wire-facts.ts'
export { JudgedBody } from './message/judged-body.ts'
export { RelayedBody } from './message/relayed-body.ts'
export { isToken } from './message/tokens.ts'
export { ownText } from './message/own-text.ts'
export { webSocket, type WebSocketOptions } from './policies/web-socket/web-socket.ts'
export { WebSocketPlaces } from './policies/web-socket/web-socket-places.ts'
export { OpenStreams } from './policies/open-streams.ts'
export type { WebSocketEnd, WebSocketLimits } from './policies/web-socket/session.ts'
export { eventStream } from './policies/event-stream/event-stream.ts'
export type { EventStreamOptions } from './policies/event-stream/event-relay.ts'
