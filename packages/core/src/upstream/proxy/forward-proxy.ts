import type { OnReadOpts, Socket } from 'node:net'
import { ClientConnection } from '../../h1/client-connection.ts'
import { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import type { HttpResponse } from '../../message/response.ts'
import { connect, type ConnectOptions, type ConnectTarget } from '../connect/connect.ts'
import { basicCredentials } from './http-connect.ts'
import type { ProxyCredentials } from './proxy.ts'

/**
 * A connection to an HTTP proxy that is asked for whole URLs of http (RFC 9112 3.2.2), instead of for a tunnel. What it says to the proxy
 * is in the request only while its head is written: no policy sees the credentials, and no other proxy gets them.
 */
export class ForwardConnection extends ClientConnection {
  credentials: ProxyCredentials | undefined

  override send(exchange: Exchange): Promise<HttpResponse> {
    const { request } = exchange
    const { path, headers } = request
    request.path = `http://${request.authority.text}${path}`
    if (this.credentials !== undefined) {
      request.headers = headers.clone()
      request.headers.put('proxy-authorization', basicCredentials(this.credentials))
    }
    // The head is written within this call.
    const response = super.send(exchange)
    request.path = path
    request.headers = headers
    return response
  }
}

/** Connects to the proxy itself. @throws TrafficError `proxy_failed`, `connect_timeout` or the cancellation */
export async function connectToProxy(
  place: ConnectTarget,
  {
    clock,
    resolver,
    timeout,
    scope,
    onread,
    facts,
    localAddress,
  }: ConnectOptions & { readonly onread?: OnReadOpts },
): Promise<Socket> {
  try {
    const socket = { ...(scope && { scope }), ...(onread && { onread }) }
    return await connect(place, { clock, resolver, timeout, localAddress, facts, ...socket })
  } catch (thrown) {
    const error = TrafficError.from(thrown)
    if (error.code === 'cancelled' || error.code === 'connect_timeout' || error === scope?.cancellation)
      throw error
    throw new TrafficError('proxy_failed', `the proxy could not be reached: ${error.message}`, {
      phase: 'connect',
      replaySafe: 'unsent',
      cause: error,
    })
  }
}
