import { cookieValue } from '../../fields/cookie.ts'
import type { Exchange } from '../../message/exchange.ts'

/** What of a request decides its endpoint. Names of headers are in lower case. */
export type HashKey =
  | { readonly kind: 'client-ip' }
  | { readonly kind: 'path' }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string }

/** How the key is read; undefined where the request has none. */
export function keyReader(key: HashKey): (exchange: Exchange) => string | undefined {
  switch (key.kind) {
    case 'client-ip':
      return (exchange) => exchange.clientAddress || undefined
    case 'path':
      return (exchange) => exchange.request.path
    case 'header': {
      const { name } = key
      return (exchange) => exchange.request.headers.get(name)
    }
    case 'cookie': {
      const { name } = key
      return (exchange) => cookieValue(exchange.request.headers.get('cookie'), name)
    }
  }
}

/** FNV-1a: cheap for texts as short as these. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash | 0
}

/** The end of MurmurHash3: each bit of the input changes half of those of the output. From 0 to 2^32 - 1. */
export function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
