import { parseForwarded, parseForwardedNode, parseXForwardedFor } from '../fields/forwarded.ts'
import type { Scheme } from '../message/request.ts'
import { listMembers } from '../message/tokens.ts'

/** What a trusted peer says of who came before it; undefined where it says nothing. */
export interface SchemeClaims {
  /** X-Forwarded-For. */
  readonly for: string | undefined
  /** X-Forwarded-Proto. */
  readonly proto: string | undefined
  /** Forwarded (RFC 7239). */
  readonly forwarded: string | undefined
}

/**
 * How the client connected, as trusted proxies say: X-Forwarded-Proto, and Forwarded where there is none. As for its address,
 * the right end is ours, and only what trusted proxies have added is believed.
 * @returns undefined if they do not say
 */
export function claimedScheme(
  claims: SchemeClaims,
  isTrusted: (address: string) => boolean,
): Scheme | undefined {
  const { proto, forwarded } = claims
  if (proto !== undefined) return schemeOf(proto) ?? fromList(proto, claims.for, isTrusted)
  return forwarded === undefined ? undefined : fromForwarded(forwarded, isTrusted)
}

/** Of several, that which stands for the client if each proxy has added an address and a scheme; else the nearest proxy's. */
function fromList(
  proto: string,
  list: string | undefined,
  isTrusted: (address: string) => boolean,
): Scheme | undefined {
  const schemes = listMembers(proto)
  const addresses = list === undefined ? [] : parseXForwardedFor(list)
  let index = schemes.length - 1
  if (addresses.length === schemes.length) {
    for (; index > 0; index--) {
      const address = addresses[index]
      if (address === undefined || !isTrusted(address)) break
    }
  }
  return schemeOf(schemes[index] ?? '')
}

function fromForwarded(forwarded: string, isTrusted: (address: string) => boolean): Scheme | undefined {
  const elements = parseForwarded(forwarded) ?? []
  for (let index = elements.length - 1; index >= 0; index--) {
    const element = elements[index]
    const address = element?.for === undefined ? undefined : parseForwardedNode(element.for)?.address
    if (index === 0 || address === undefined || !isTrusted(address)) return schemeOf(element?.proto ?? '')
  }
  return undefined
}

/** Some proxies name the protocol of a WebSocket. */
function schemeOf(text: string): Scheme | undefined {
  switch (text.trim().toLowerCase()) {
    case 'http':
    case 'ws':
      return 'http'
    case 'https':
    case 'wss':
      return 'https'
    default:
      return undefined
  }
}
