import type { Server, ServerOptions, ServerResponse } from 'node:http'

/** What operators may take of the process that answers them; times in milliseconds. */
export interface ConnectionLimits {
  /** From the start of a connection, or of a further request on it, to the end of the head. */
  readonly head: number
  /** To the end of the body, however slowly it comes. */
  readonly request: number
  /** From the first byte of an answer to its last one, however slowly it is read. */
  readonly answer: number
  /** Between two requests. */
  readonly idle: number
  readonly connections: number
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  head: 5_000,
  request: 10_000,
  answer: 30_000,
  idle: 30_000,
  connections: 256,
}

/** How often Node looks for requests that are late; its default of 30 s would be added to each limit. Milliseconds. */
const LOOK = 500

export function serverOptions({ head, request, idle }: ConnectionLimits): ServerOptions {
  return {
    headersTimeout: head,
    requestTimeout: request,
    keepAliveTimeout: idle,
    connectionsCheckingInterval: Math.min(LOOK, head),
  }
}

/** More than that are closed as they come. */
export function limitConnections(server: Server, { connections }: ConnectionLimits): void {
  server.maxConnections = connections
}

/** Ends the connection of somebody who does not read an answer to its end. */
export function limitAnswer(response: ServerResponse, { answer }: ConnectionLimits): void {
  const timer = setTimeout(() => response.destroy(), answer)
  timer.unref()
  response.once('close', () => clearTimeout(timer))
}
