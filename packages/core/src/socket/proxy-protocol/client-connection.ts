import { isIPv4 } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Exchange, Peer } from '../../message/exchange.ts'
import { socketOf, toldTlsOf, unmapped } from '../peer.ts'
import type { ProxiedConnection, ProxiedTls } from './proxied.ts'

/** What is known of the connection of a peer, which no longer tells once it is closed. */
const known = new WeakMap<Peer, ProxiedConnection>()

/**
 * The connection of the client that an exchange is for, as upstreams are told of it; undefined where there is none, as for a call from
 * code. Where a trusted proxy has said in a field who the client is, its port is not known, and is 0.
 */
export function clientConnectionOf({
  peer,
  clientAddress,
}: Pick<Exchange, 'peer' | 'clientAddress'>): ProxiedConnection | undefined {
  const connection = known.get(peer) ?? ofPeer(peer)
  if (connection === undefined) return undefined
  if (clientAddress === peer.address) return connection
  // The TLS is that of the proxy, and so is its certificate: of the client's own nothing is known.
  return inOneFamily({ source: { address: clientAddress, port: 0 }, destination: connection.destination })
}

function ofPeer(peer: Peer): ProxiedConnection | undefined {
  const socket = socketOf(peer)
  const destination = peer.proxy?.destination ?? {
    address: unmapped(socket?.localAddress ?? ''),
    port: socket?.localPort ?? 0,
  }
  if (socket === undefined || peer.address === '' || destination.address === '') return undefined
  const tls = toldTlsOf(socket) ?? (socket instanceof TLSSocket ? tlsOf(socket) : undefined)
  const source = { address: peer.address, port: peer.port }
  const connection = inOneFamily({ source, destination, ...(tls && { tls }) })
  known.set(peer, connection)
  return connection
}

function tlsOf(socket: TLSSocket): ProxiedTls {
  const certificate = socket.getPeerX509Certificate()
  return {
    version: socket.getProtocol() ?? undefined,
    cipher: socket.getCipher()?.name,
    commonName: /(?:^|\n)CN=([^\n]*)/.exec(certificate?.subject ?? '')?.[1],
    // Without a certificate, Node calls a resumed session authorized, too.
    verified: certificate !== undefined && socket.authorized,
  }
}

/** A header has addresses of one family. A zone (`fe80::1%eth0`) is of this machine alone. */
function inOneFamily({ source, destination, ...rest }: ProxiedConnection): ProxiedConnection {
  const ends = [source, destination].map((end) => ({ ...end, address: end.address.replace(/%.*$/s, '') }))
  const isOne = ends.every(({ address }) => isIPv4(address)) || !ends.some(({ address }) => isIPv4(address))
  const [from, to] = isOne
    ? ends
    : ends.map((end) => ({ ...end, address: isIPv4(end.address) ? `::ffff:${end.address}` : end.address }))
  return { source: from ?? source, destination: to ?? destination, ...rest }
}
