import type { Exchange } from '../../message/exchange.ts'
import type { HttpResponse } from '../../message/response.ts'
import type { EndpointPool } from './endpoint-pool.ts'
import type { PooledConnection } from './pool-entry.ts'

/** Synchronous up to the send where a connection is idle. */
export function sendThrough(given: EndpointPool, exchange: Exchange): Promise<HttpResponse> {
  const pool = given.preferred
  const connection = pool.acquire(exchange)
  if (connection instanceof Promise) return connection.then((opened) => sendLater(pool, opened, exchange))
  return sendOn(pool, connection, exchange)
}

/** On a connection that was waited for: in between, exchange or connection may have come to an end. */
function sendLater(
  pool: EndpointPool,
  connection: PooledConnection,
  exchange: Exchange,
): Promise<HttpResponse> {
  if (connection.closed) return sendThrough(pool, exchange)
  const goesAway = connection.capacity === 0
  if (!goesAway && exchange.cancellation === undefined) return sendOn(pool, connection, exchange)
  connection.owner?.released(connection)
  return exchange.cancellation === undefined
    ? sendThrough(pool, exchange)
    : Promise.reject(exchange.cancellation)
}

/** A switch of protocols that the connection has no form for is asked for over HTTP/1.1, where the endpoint may speak that as well. */
function sendOn(pool: EndpointPool, connection: PooledConnection, exchange: Exchange): Promise<HttpResponse> {
  const { request } = exchange
  if (request.upgrade === undefined || pool.upgrades === undefined) return connection.send(exchange)
  if (connection.takesUpgrade?.(request) !== false) return connection.send(exchange)
  connection.owner?.released(connection)
  return sendThrough(pool.upgrades, exchange)
}
