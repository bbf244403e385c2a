import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Peer } from '../message/exchange.ts'
import type { ProxiedConnection } from './proxy-protocol/proxied.ts'

/** Of sockets that lead to a proxy which has told who its peer is. */
const told = new WeakMap<Socket, Peer>()

/** The peer of a connected socket; an IPv4 address that the kernel maps into IPv6 is told as IPv4. */
export function peerOf(socket: Socket): Peer {
  return (
    told.get(socket) ?? {
      address: addressOf(socket),
      port: socket.remotePort ?? 0,
      encrypted: socket instanceof TLSSocket,
    }
  )
}

/** The address at the other end of the socket, whoever is the peer. */
export function addressOf({ remoteAddress = '' }: Socket): string {
  return remoteAddress.replace(/^::ffff:(?=\d+\.)/, '')
}

/** To be called before anybody asks for the peer: who it is, as the proxy tells that the socket leads to. */
export function tellPeer(socket: Socket, { source, destination, tls }: ProxiedConnection): void {
  const { address, port, encrypted } = peerOf(socket)
  told.set(socket, {
    ...source,
    encrypted: encrypted || tls !== undefined,
    proxy: { address, port, destination },
  })
}
