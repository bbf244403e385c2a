import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { ServerConnection } from '../h1/server-connection.ts'
import { Http2ServerConnection } from '../h2/server-connection.ts'
import type { DownstreamConnection } from '../message/connections.ts'
import type { ServerConnectionOwner } from '../message/responder.ts'
import { SocketReader } from '../socket/socket-reader.ts'
import type { AcceptOptions } from './accept-options.ts'
import { Sniffer } from './sniffer.ts'

/** The names of protocols in ALPN (RFC 7301, RFC 9113 3.1). */
export type Protocol = 'h2' | 'http/1.1'

/**
 * Makes a connection of a socket that was accepted: over TLS what ALPN has chosen; over plain TCP HTTP/2 where the peer begins
 * with its preface (RFC 9113 3.3), and HTTP/1.1 where it does not.
 * @param protocols what the listener speaks; at least one
 */
export function acceptConnection(
  socket: Socket,
  protocols: readonly Protocol[],
  owner: ServerConnectionOwner,
  options: AcceptOptions,
): DownstreamConnection {
  if (!protocols.includes('h2')) return new ServerConnection(socket, owner, options)
  if (!protocols.includes('http/1.1')) return http2(socket, owner, options)
  if (!(socket instanceof TLSSocket)) return new Sniffer(socket, owner, options)
  return socket.alpnProtocol === 'h2'
    ? http2(socket, owner, options)
    : new ServerConnection(socket, owner, options)
}

function http2(socket: Socket, owner: ServerConnectionOwner, options: AcceptOptions): DownstreamConnection {
  const reader = new SocketReader()
  reader.attach(socket)
  return new Http2ServerConnection(socket, reader, owner, options, options.http2)
}
