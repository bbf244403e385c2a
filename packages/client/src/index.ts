import './node-version.ts'
export { Call } from './call.ts'
export { Client, createClient } from './client.ts'
export type { Answer, Transport } from './code-transport.ts'
export type { AttemptEvent, CallEvent, ClientEventName, ClientEvents, ClientListener } from './events.ts'
export type { Explanation } from './explain.ts'
export type { Fetch } from './fetch/fetch.ts'
export type { FetchError } from './fetch/failures.ts'
export type { FetchInit, FetchSettings } from './fetch/members.ts'
export type { HostAddress, HostLookup } from './host-lookup.ts'
export type { FieldValue, HeadersInput } from './headers-input.ts'
export type { InformationalListener, InformationalResponse } from './informational.ts'
export type { Finding } from './lint.ts'
export type { OpenTelemetryApi } from './open-telemetry.ts'
export type {
  CacheSettings,
  CallListeners,
  CallOptions,
  CallPolicyOptions,
  CloseOptions,
  ClientOptions,
  ConcurrencySettings,
  HedgeSettings,
  PolicyOptions,
  PresetName,
  Priority,
  RateLimitSettings,
  RetrySettings,
  SocketPathOptions,
  TimeoutSettings,
} from './options.ts'
export type { DurationFigures, OriginFigures } from './origin-metrics.ts'
export type { CursorPaging, NextUrlPaging, NumberPaging, OffsetPaging, Paging } from './next-page.ts'
export type { PaginateItemsOptions, PaginateOptions } from './paginate.ts'
export { PRESETS } from './presets.ts'
export type { ProgressListener, TransferProgress } from './progress.ts'
export type { ReconnectSettings } from './reconnect.ts'
export type { BeforeRetry, FailedAttempt, RetryChanges, ShouldRetry } from './retry-facts.ts'
export type { BodyInput } from './request-body.ts'
export type { Query, QueryArrays, QueryValue } from './query.ts'
export type { CallTimings } from './response/call-facts.ts'
export { ClientResponse } from './response/response.ts'
export type { Result } from './result.ts'
export type { SseOptions } from './sse.ts'
export type { SchemaIssue, SchemaResult, StandardSchema } from './standard-schema.ts'
export { StatusError } from './status-error.ts'
export {
  type AddressGuardOptions,
  apiKey,
  type ApiKeyOptions,
  basic,
  bearer,
  type CacheOutcome,
  type CacheStore,
  type Clock,
  CookieJar,
  type CredentialOptions,
  type Credentials,
  digest,
  type DnsOptions,
  type ErrorCode,
  type Exchange,
  type Handler,
  oauth2,
  type OAuth2Options,
  type Pem,
  type PerConnection,
  type Policy,
  type ProxySetting,
  type RequestCacheMode,
  type ServerSentEvent,
  type TlsOptions,
  type TokenRequest,
  TrafficError,
} from '@headgate/core'
