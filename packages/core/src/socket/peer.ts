import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Peer } from '../message/exchange.ts'
import type { ProxiedConnection, ProxiedTls } from './proxy-protocol/proxied.ts'

/** Of sockets that lead to a proxy which has told who its peer is. */
const told = new WeakMap<Socket, { readonly peer: Peer; readonly tls: ProxiedTls | undefined }>()

/** By peer: for the few who want to know more of a connection than who is at its other end. */
const sockets = new WeakMap<Peer, Socket>()

/** The peer of a connected socket; an IPv4 address that the kernel maps into IPv6 is told as IPv4. */
export function peerOf(socket: Socket): Peer {
  const peer = told.get(socket)?.peer ?? {
    address: addressOf(socket),
    port: socket.remotePort ?? 0,
    encrypted: socket instanceof TLSSocket,
  }
  sockets.set(peer, socket)
  return peer
}

/** The socket that leads to a peer, or to the proxy that has told of it; undefined for a call from code. */
export function socketOf(peer: Peer): Socket | undefined {
  return sockets.get(peer)
}

/** The TLS that ends at the proxy which has told who its peer is; undefined where it has told of none. */
export function toldTlsOf(socket: Socket): ProxiedTls | undefined {
  return told.get(socket)?.tls
}

/** The address at the other end of the socket, whoever is the peer. */
export function addressOf({ remoteAddress = '' }: Socket): string {
  return unmapped(remoteAddress)
}

/** An IPv4 address that is mapped into IPv6, as that of IPv4; any other as it is. */
export function unmapped(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '')
}

/** To be called before anybody asks for the peer: who it is, as the proxy tells that the socket leads to. */
export function tellPeer(socket: Socket, { source, destination, tls }: ProxiedConnection): void {
  const { address, port, encrypted } = peerOf(socket)
  const peer = {
    ...source,
    encrypted: encrypted || tls !== undefined,
    proxy: { address, port, destination },
  }
  told.set(socket, { peer, tls })
}

const leavers = new WeakMap<Socket, Set<() => void>>()

/** Calls `left` once when the socket is closed. Many may ask for the same socket, with one listener on it. */
export function whenClosed(socket: Socket, left: () => void): void {
  if (socket.closed) return left()
  const known = leavers.get(socket)
  if (known !== undefined) return void known.add(left)
  const all = new Set([left])
  leavers.set(socket, all)
  socket.once('close', () => {
    for (const each of all) each()
  })
}
