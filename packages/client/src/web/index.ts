// What code of the web platform needs to answer exchanges of the engine: for faces of it, as the gateway.
export { errorAnswer, HttpError, type HttpErrorDetails } from './http-error.ts'
export { httpRequestParts } from './http-request.ts'
export { httpResponse } from './http-response.ts'
export { type Fetching, proxy, type ProxyOptions } from './proxy.ts'
export { type EventInput, sse, type SseHooks } from './sse-response.ts'
export { type AnswerInit, html, json, text } from './web-answer.ts'
export { platformRequest, webRequest } from './web-request.ts'
export { webResponse } from './web-response.ts'
