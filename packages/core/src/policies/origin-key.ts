import type { Exchange } from '../message/exchange.ts'
import type { Scheme } from '../message/request.ts'
import type { Authority } from '../message/target.ts'

let lastAuthority: Authority | undefined
let lastScheme: Scheme | undefined
let lastKey = ''

/**
 * The origin that an exchange is meant for (RFC 6454 4), as a key: what is kept per origin is kept under it. Several policies ask
 * for the same exchange, and hosts are shared objects, so the key asked for last is joined once.
 */
export function originKey({ request }: Exchange): string {
  const { authority, scheme } = request
  if (authority !== lastAuthority || scheme !== lastScheme) {
    lastAuthority = authority
    lastScheme = scheme
    lastKey = `${scheme}://${authority.text}`
  }
  return lastKey
}
