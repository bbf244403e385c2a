export { type App, type AppOptions, createApp } from './app/create-app.ts'
export type { AppInfo } from './app/app-description.ts'
export type { AppRoute, JsonSchemaInput } from './app/app-route.ts'
export type { Dependency, DependencyState, Readiness } from './app/readiness.ts'
export {
  ConfigError,
  createGateway,
  type CreateGatewayOptions,
  type EmbeddedGateway,
  type ListeningOn,
} from './embedding/create-gateway.ts'
export type { EmbeddedSplit } from './embedding/embedded.ts'
export type { EmbeddedPurge } from './embedding/purge.ts'
export {
  type AnswerInit,
  defineConfig,
  type EventInput,
  html,
  HttpError,
  type HttpErrorDetails,
  json,
  proxy,
  type ProxyOptions,
  sse,
  type SseHooks,
  text,
} from './for-modules.ts'
export type { Handle, HandleApp, HandleFunction } from './features/handlers/answer-by-code.ts'
export type { HandlerContext, HandlerLog, LogEntry } from './features/handlers/handler-context.ts'
export type { ChangeEvent, StreamEvent } from './features/event-stream/event-by-code.ts'
export type { ChangeRequest, ChangeResponse } from './features/transform/by-code.ts'
export type { Identity } from './features/identity.ts'
export type * from './config/input/input.ts'
export type { ByteRate, ByteSize, Duration, RequestRate } from './config/input/quantities.ts'
export type { ConfigProblem } from './settings/problems/problem.ts'
export type { CloseReport } from './gateway-options.ts'
export type { PlacedPolicy, PlaceName } from './layers/place.ts'
