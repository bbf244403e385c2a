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
 * @param first what was read of the socket already
 */
export function acceptConnection(
  socket: Socket,
  protocols: readonly Protocol[],
  owner: ServerConnectionOwner,
  options: AcceptOptions,
  first: Buffer = NOTHING,
): DownstreamConnection {
  const reader = new SocketReader()
  reader.attach(socket)
  reader.begin(first)
  if (!protocols.includes('h2')) return new ServerConnection(socket, owner, options, reader)
  if (!protocols.includes('http/1.1')) return http2(socket, reader, owner, options)
  if (!(socket instanceof TLSSocket)) return new Sniffer(socket, reader, owner, options)
  return socket.alpnProtocol === 'h2'
    ? http2(socket, reader, owner, options)
    : new ServerConnection(socket, owner, options, reader)
}

const NOTHING = Buffer.alloc(0)

function http2(
  socket: Socket,
  reader: SocketReader,
  owner: ServerConnectionOwner,
  options: AcceptOptions,
): DownstreamConnection {
  return new Http2ServerConnection(socket, reader, owner, options, options.http2)
}
