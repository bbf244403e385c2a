import type { Exchange } from '../message/exchange.ts'

/** The origin that an exchange is meant for (RFC 6454 4), as a key: what is kept per origin is kept under it. */
export function originKey({ request }: Exchange): string {
  return request.scheme === 'https' ? `https://${request.authority.text}` : `http://${request.authority.text}`
}
