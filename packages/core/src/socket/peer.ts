import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Peer } from '../message/exchange.ts'

/** The peer of a connected socket; an IPv4 address that the kernel maps into IPv6 is told as IPv4. */
export function peerOf(socket: Socket): Peer {
  return {
    address: socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, '') ?? '',
    port: socket.remotePort ?? 0,
    encrypted: socket instanceof TLSSocket,
  }
}
