import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { ClientConnection } from '../../h1/client-connection.ts'
import type { Http2ClientConnection } from '../../h2/client-connection.ts'
import type { Http2Limits } from '../../h2/connection-options.ts'
import { TrafficError } from '../../message/errors.ts'
import { unopened } from '../../message/wire-facts.ts'
import type { ClientConnectionOptions } from '../../socket/connection-options.ts'
import { SocketReader } from '../../socket/socket-reader.ts'
import type { CancelScope } from '../connect/connect.ts'
import type { PooledConnection } from '../pool/pool-entry.ts'
import { ForwardConnection } from '../proxy/forward-proxy.ts'
import type { Proxy } from '../proxy/proxy.ts'
import type { OpenConnection } from './open-connection.ts'
import type { EndpointProtocols } from './endpoint-protocols.ts'

/** What connections that speak HTTP are opened with. */
export interface OpenHttpOptions {
  /** The endpoint, for messages. */
  readonly name: string
  readonly http: ClientConnectionOptions
  readonly http2: Http2Limits
  readonly protocols: EndpointProtocols
  /** A proxy that is asked for whole URLs: it is spoken to in HTTP/1.1. */
  readonly forward: Proxy | undefined
  /** For all that it takes until the first request can be sent. Milliseconds. */
  readonly timeout: number
}

/** Opens connections of the version of HTTP that the endpoint is said to speak, or that TLS finds out (RFC 7301, RFC 9113 3.2). */
export function openHttp(options: OpenHttpOptions): OpenConnection {
  const { http, forward, protocols } = options
  const mayBeHttp2 = protocols.priorKnowledge || protocols.alpn.includes('h2')
  return async (connectSocket, _admitted, scope) => {
    // Loaded only where it may be needed: most clients start without it.
    const http2 = mayBeHttp2 ? await import('../../h2/client-connection.ts') : undefined
    const reader = new SocketReader()
    const facts = unopened()
    const startedAt = http.clock.now()
    const socket = await connectSocket(reader.options, facts)
    facts.socket = socket
    if (forward !== undefined) {
      const connection = new ForwardConnection(socket, reader, http)
      connection.facts = facts
      connection.credentials = forward.credentials
      return connection
    }
    if (http2 === undefined || !speaksHttp2(socket, options)) {
      const connection = new ClientConnection(socket, reader, http)
      connection.facts = facts
      return connection
    }
    const connection = new http2.Http2ClientConnection(socket, reader, http, options.http2, options.name)
    connection.facts = facts
    const left = Math.max(1, options.timeout - (http.clock.now() - startedAt))
    await begun(connection, left, options, scope)
    return connection
  }
}

/** @throws TrafficError `tls_failed` if the endpoint chose a protocol that is not allowed */
function speaksHttp2(socket: Socket, { name, protocols }: OpenHttpOptions): boolean {
  if (!(socket instanceof TLSSocket)) return protocols.priorKnowledge
  if (socket.alpnProtocol === 'h2') return true
  if (protocols.alpn.includes('http/1.1')) return false
  socket.destroy()
  const message = `${name} does not choose HTTP/2 in the TLS handshake (ALPN), and nothing else is allowed: let it speak h2, or add http/1.1 to protocols`
  throw new TrafficError('tls_failed', message, { phase: 'tls', replaySafe: 'unsent' })
}

/** Waits for the peer's SETTINGS: only then it is known that it speaks HTTP/2, and how many requests it takes at a time. */
function begun(
  connection: Http2ClientConnection,
  timeout: number,
  { name, http }: OpenHttpOptions,
  scope: CancelScope | undefined,
): Promise<PooledConnection> {
  return new Promise((resolve, reject) => {
    const fail = (error: TrafficError): void => {
      settle()
      connection.destroy()
      reject(error)
    }
    const timer = http.clock.timer(() => {
      const message = `${name} did not begin HTTP/2 in time: no SETTINGS came; check that it speaks HTTP/2 there, or raise the connect timeout`
      fail(new TrafficError('connect_timeout', message, { phase: 'connect', replaySafe: 'unsent' }))
    })
    const worker = { cancelled: fail }
    const settle = (): void => {
      timer.disarm()
      scope?.release(worker)
    }
    if (scope?.cancellation !== undefined) return fail(scope.cancellation)
    scope?.occupy(worker)
    timer.arm(timeout)
    connection.ready.then(
      () => {
        settle()
        resolve(connection)
      },
      (error: unknown) => fail(TrafficError.from(error)),
    )
  })
}
