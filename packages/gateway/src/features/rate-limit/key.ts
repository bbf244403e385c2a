import { timingSafeEqual } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { clientNetwork, type Exchange } from '@headgate/core'
import { clientCertificate } from '../client-certificates/client-certificate.ts'
import type { RateLimitConfig } from './setting.ts'
import { ipRanges } from '../../settings/values/address.ts'
import type { RateLimitKey } from './kinds.ts'
import { operationKey } from '../graphql/operation.ts'
import { identityKey, identityOf } from '../identity.ts'
import type { GeoLookup } from '../geo/geo-place.ts'

/** Whether a limit does not concern an exchange; undefined if it concerns all. */
export function rateLimitBypass(
  bypass: RateLimitConfig['bypass'],
): ((exchange: Exchange) => boolean) | undefined {
  const ranges = ipRanges(bypass.addresses)
  const headers = Object.entries(bypass.headers).map(([name, value]) => ({
    name,
    value: Buffer.from(value, 'utf8'),
  }))
  if (headers.length === 0 && bypass.addresses.length === 0) return undefined
  const byAddress = bypass.addresses.length > 0
  return ({ request, clientAddress }) => {
    if (byAddress && ranges.check(clientAddress, isIPv6(clientAddress) ? 'ipv6' : 'ipv4')) return true
    for (const { name, value } of headers) {
      const sent = request.headers.get(name)
      if (sent !== undefined && isSame(Buffer.from(sent, 'latin1'), value)) return true
    }
    return false
  }
}

/** In a time that tells nothing of a secret but its length. */
function isSame(sent: Buffer, secret: Buffer): boolean {
  return sent.length === secret.length && timingSafeEqual(sent, secret)
}

/** Between the parts of a key: no header field can hold it. */
const SEPARATOR = '\n'

/** How requests are told apart, as a function that is made once. */
export function rateLimitKey(
  parts: readonly RateLimitKey[],
  route: string,
  geo: GeoLookup,
): (exchange: Exchange) => string {
  const [first, ...others] = parts.map((part) => partOf(part, route, geo))
  if (first === undefined) throw new TypeError('the key of a rate limit has no part')
  if (others.length === 0) return first
  return (exchange) => {
    let key = first(exchange)
    for (const part of others) key += SEPARATOR + part(exchange)
    return key
  }
}

function partOf(part: RateLimitKey, route: string, geo: GeoLookup): (exchange: Exchange) => string {
  switch (part.kind) {
    case 'client-ip':
      return clientOf
    case 'client-certificate':
      return (exchange) =>
        // The space keeps the two apart: no name begins with it.
        clientCertificate.of(exchange)?.name ?? ` ${clientNetwork(exchange.clientAddress)}`
    case 'identity':
      return (exchange) => {
        const identity = identityOf.of(exchange)
        // The space keeps the two apart: it begins no name.
        return identity === undefined ? ` ${clientNetwork(exchange.clientAddress)}` : identityKey(identity)
      }
    case 'consumer':
      return (exchange) =>
        // As above: names of consumers begin with no space.
        identityOf.of(exchange)?.consumer ?? ` ${clientNetwork(exchange.clientAddress)}`
    case 'country':
      return ({ clientAddress }) => geo(clientAddress).country
    case 'route':
      return () => route
    case 'global':
      return () => ''
    case 'graphql-type':
    case 'graphql-operation':
    case 'graphql-root-fields':
      return operationKey(part.kind)
    case 'header':
      return ({ request, clientAddress }) =>
        // Without the field it must not be free. The space, which begins no value, keeps an address that is sent as
        // the field's value from using up what the client with that address has.
        request.headers.get(part.name) ?? ` ${clientNetwork(clientAddress)}`
  }
}

function clientOf({ clientAddress }: Exchange): string {
  return clientNetwork(clientAddress)
}
