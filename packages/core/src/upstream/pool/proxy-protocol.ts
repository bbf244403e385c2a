import type { Exchange } from '../../message/exchange.ts'
import { socketOf, whenClosed } from '../../socket/peer.ts'
import { clientConnectionOf } from '../../socket/proxy-protocol/client-connection.ts'
import { writeLine } from '../../socket/proxy-protocol/version-1.ts'
import { writeBinary } from '../../socket/proxy-protocol/write-binary.ts'
import type { Clock } from '../../time/clock.ts'
import { ClientPool, type PoolClient } from './client-pool.ts'
import type { EndpointPool } from './endpoint-pool.ts'
import type { Open } from './openings.ts'
import type { PoolOptions } from './pool-options.ts'

/** Has each connection to an endpoint begin with a header that tells whose it is. */
export interface ProxyHeaders {
  /** Of connections that are for no client, as those of health checks. */
  readonly ofNobody: Buffer
  /**
   * Connections that each serve one client.
   * @param openWith opens one that begins with the header, TLS included
   */
  makePool(name: string, clock: Clock, openWith: (header: Buffer) => Open, options: PoolOptions): EndpointPool
}

/**
 * The PROXY protocol towards endpoints. Exchanges share a connection where the header that it began with says the same of them: those
 * that came on the same connection of a client, or, where a trusted proxy names the client in a field, those of the same client.
 */
export function proxyProtocol(version: 'v1' | 'v2'): ProxyHeaders {
  const write = version === 'v1' ? writeLine : writeBinary
  return {
    ofNobody: write(undefined),
    makePool(name, clock, openWith, options) {
      const clientOf = (exchange: Exchange): PoolClient => {
        const connection = clientConnectionOf(exchange)
        const header = write(connection)
        // What is for nobody, as for all clients of a unix socket, is shared, and does not end with one of them.
        const isOfPeer = connection !== undefined && exchange.clientAddress === exchange.peer.address
        const socket = isOfPeer ? socketOf(exchange.peer) : undefined
        return {
          key: header.toString('latin1'),
          open: openWith(header),
          whenGone: socket && ((gone) => whenClosed(socket, gone)),
        }
      }
      return new ClientPool(name, clock, clientOf, options)
    },
  }
}
