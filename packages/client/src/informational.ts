import type { Exchange } from '@headgate/core'
import { tell } from './listener.ts'
import { receivedHeaders } from './response/received-headers.ts'

/** A response of 1xx, which another follows (RFC 9110 15.2). */
export interface InformationalResponse {
  readonly status: number
  readonly headers: Headers
}

export type InformationalListener = (response: InformationalResponse) => void

/** Tells a listener of the 1xx responses to an exchange, but for 100 and 101, which are the connection's own. */
export function listenToInformational(exchange: Exchange, listener: InformationalListener): void {
  exchange.inform = (status, headers) => {
    exchange.beforeInform?.(headers)
    tell(listener, { status, headers: receivedHeaders(headers, undefined) })
  }
}
