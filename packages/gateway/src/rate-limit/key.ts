import { clientNetwork, type Exchange } from '@headgate/core'
import type { RateLimitKey } from '../config/values/rate-limit-key.ts'
import { operationKey } from '../routing/graphql/operation-key.ts'
import type { GeoLookup } from '../routing/geo/geo-place.ts'

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
