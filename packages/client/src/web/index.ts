// What code of the web platform needs to answer exchanges of the engine: for faces of it, as the gateway.
export { httpResponse } from './http-response.ts'
export { type AnswerInit, html, json, text } from './web-answer.ts'
export { webRequest } from './web-request.ts'
