import type { Exchange } from '@headgate/core'
import { decoded, someCookie, someQueryValue } from '../../routing/conditions.ts'

/** A place where requests hold a credential. */
export interface CredentialPlace {
  readonly find: (exchange: Exchange) => string | undefined
  readonly remove: (exchange: Exchange) => void
}

export interface PlaceNames {
  readonly header?: string | undefined
  readonly query?: string | undefined
  readonly cookie?: string | undefined
}

/** Those that a configuration names. @param usual the field where it names none */
export function credentialPlaces({ header, query, cookie }: PlaceNames, usual: string): CredentialPlace[] {
  const field = header ?? (query === undefined && cookie === undefined ? usual : undefined)
  return [
    ...(field === undefined ? [] : [inField(field)]),
    ...(query === undefined ? [] : [inQuery(query)]),
    ...(cookie === undefined ? [] : [inCookie(cookie)]),
  ]
}

/** The credential of a request: that of the first place that holds one. */
export function credentialIn(places: readonly CredentialPlace[], exchange: Exchange): string | undefined {
  for (const { find } of places) {
    const found = find(exchange)
    if (found !== undefined) return found
  }
  return undefined
}

/** Takes the credential out of the request; undefined where upstreams get it, too. */
export function concealIn(
  places: readonly CredentialPlace[],
  forward: boolean,
): ((exchange: Exchange) => void) | undefined {
  if (forward) return undefined
  return (exchange) => {
    for (const { remove } of places) remove(exchange)
  }
}

/** In Authorization it stands behind the word Bearer (RFC 6750 2.1); other schemes are none of ours. */
function inField(name: string): CredentialPlace {
  const isBearer = name === 'authorization'
  const find = ({ request }: Exchange): string | undefined => {
    const value = request.headers.get(name)
    if (!isBearer || value === undefined) return value
    return /^bearer +(\S+)$/i.exec(value)?.[1]
  }
  return {
    find,
    remove(exchange) {
      if (find(exchange) !== undefined) exchange.request.headers.delete(name)
    },
  }
}

function inQuery(name: string): CredentialPlace {
  return {
    find: ({ request: { query } }) => firstOf((take) => someQueryValue(query, name, take)),
    remove({ request }) {
      const pairs = request.query.slice(1).split('&')
      const others = pairs.filter((pair) => decoded(pair.split('=', 1)[0] ?? '') !== name)
      if (others.length < pairs.length) request.query = others.length === 0 ? '' : `?${others.join('&')}`
    },
  }
}

function inCookie(name: string): CredentialPlace {
  return {
    find: ({ request: { headers } }) => firstOf((take) => someCookie(headers, name, take)),
    remove({ request: { headers } }) {
      const sent = headers.get('cookie')
      if (sent === undefined) return
      const pairs = sent.split(/[;,] ?/)
      const others = pairs.filter((pair) => pair.split('=', 1)[0]?.trim() !== name)
      if (others.length === pairs.length) return
      if (others.length === 0) headers.delete('cookie')
      else headers.set('cookie', others.join('; '))
    },
  }
}

function firstOf(look: (take: (value: string) => boolean) => unknown): string | undefined {
  let found: string | undefined
  look((value) => {
    found = value
    return true
  })
  return found
}
