import { channel, type Channel } from 'node:diagnostics_channel'

/**
 * The channels of undici, under which agents of APM (OpenTelemetry, Datadog, Sentry) look for what a program asks of others; messages are
 * described in undici's docs/api/DiagnosticsChannel.md. Node's own fetch tells the same names.
 */
export const create: Channel = channel('undici:request:create')
export const bodySent: Channel = channel('undici:request:bodySent')
export const headers: Channel = channel('undici:request:headers')
export const bodyChunkReceived: Channel = channel('undici:request:bodyChunkReceived')
export const trailers: Channel = channel('undici:request:trailers')
export const error: Channel = channel('undici:request:error')
export const sendHeaders: Channel = channel('undici:client:sendHeaders')
export const beforeConnect: Channel = channel('undici:client:beforeConnect')
export const connected: Channel = channel('undici:client:connected')
export const connectError: Channel = channel('undici:client:connectError')

/** Whether anybody listens to what becomes of requests. */
export function isHeard(): boolean {
  return (
    create.hasSubscribers ||
    headers.hasSubscribers ||
    trailers.hasSubscribers ||
    error.hasSubscribers ||
    sendHeaders.hasSubscribers ||
    bodySent.hasSubscribers ||
    bodyChunkReceived.hasSubscribers
  )
}
