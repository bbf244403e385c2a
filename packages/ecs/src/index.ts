export { BodyChunks } from './http/components/body-chunks.ts'
export { HttpError } from './http/components/http-error.ts'
export { HttpInFlight } from './http/components/http-in-flight.ts'
export { HttpRequest, type HttpRequestInput, type OtherCallOptions } from './http/components/http-request.ts'
export { HttpResponse } from './http/components/http-response.ts'
export { Priority } from './http/components/priority.ts'
export { RequestTimeout } from './http/components/request-timeout.ts'
export { RetryPolicy } from './http/components/retry-policy.ts'
export type { Latency } from './http/domain-counts.ts'
export {
  HttpBodyChunk,
  HttpRequestCancelled,
  HttpRequestFailed,
  HttpRequestRetryRequested,
  HttpRequestSubmitted,
  HttpResponseReceived,
  RateLimitExceeded,
  type RequestEvent,
} from './http/events.ts'
export { httpPlugin, type HttpPluginOptions } from './http/plugin.ts'
export { type ClientStats, HttpClientPool } from './http/resources/http-client-pool.ts'
export {
  HttpConfig,
  type HttpSettings,
  type HttpSettingsInput,
  type TickBudget,
} from './http/resources/http-config.ts'
export { HttpRequests } from './http/resources/http-requests.ts'
export { HttpTime } from './http/resources/http-time.ts'
export { RateLimitManager, type RateLimitState } from './http/resources/rate-limit-manager.ts'
export { type DomainFigures, RequestMetrics } from './http/resources/request-metrics.ts'
export { type Restored, restoreRequests, type RestoreOptions } from './http/restore-requests.ts'
export { saveRequests, type SaveOptions } from './http/save-requests.ts'
export type { Missing, SavedRequest, SavedRequests } from './http/saved-request.ts'
export { requestRetry } from './http/systems/retry-requests.ts'
export { request, type TypedRequests } from './http/typed-request.ts'
export { type Attached, component, type Component, type ComponentOf } from './port/component.ts'
export type { Entity } from './port/entity.ts'
export { event, type EventKind, type EventReader, type Events } from './port/event.ts'
export type { EcsPort, Plugin, System, SystemPlace } from './port/port.ts'
export { resource, type Resource } from './port/resource.ts'
export { Commands } from './world/commands.ts'
export { World } from './world/world.ts'
