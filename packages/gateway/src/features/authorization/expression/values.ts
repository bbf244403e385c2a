import type { Exchange } from '@headgate/core'
import { clientCertificate } from '../../client-certificates/client-certificate.ts'
import { type Identity, identityOf } from '../../identity.ts'
import type { UsedParts } from './check.ts'
import { LARGEST } from './types.ts'

/** A value that is larger than what an expression was checked for. */
export class TooLarge extends Error {}

type Values = Record<string, ReadonlyMap<string, unknown>>

/** What the parts of the variables are in an exchange; the same names as in `VARIABLES`. */
const PARTS: Readonly<Record<string, Readonly<Record<string, (exchange: Exchange) => unknown>>>> = {
  request: {
    method: ({ request }) => text(request.method, LARGEST.name),
    scheme: ({ clientScheme }) => clientScheme,
    host: ({ request }) => text(request.authority.host, LARGEST.name),
    path: ({ request }) => text(request.path),
    query: ({ request }) => text(request.query),
    headers: headersOf,
    params: ({ params }) => new Map(Object.entries(params).map(([name, value]) => [name, text(value)])),
  },
  identity: {
    known: (exchange) => identityOf.of(exchange) !== undefined,
    kind: (exchange) => identityOf.of(exchange)?.kind ?? '',
    authenticator: (exchange) => identityOf.of(exchange)?.authenticator ?? '',
    subject: (exchange) => text(identityOf.of(exchange)?.subject),
    name: (exchange) => text(identityOf.of(exchange)?.name),
    groups: (exchange) => names(identityOf.of(exchange)?.groups),
    scopes: (exchange) => names(identityOf.of(exchange)?.scopes),
    claims: (exchange) => claimsOf(identityOf.of(exchange)),
  },
  route: { name: ({ route }) => route },
  connection: {
    client: ({ clientAddress }) => clientAddress,
    version: ({ request }) => request.version,
    certificate: (exchange) => clientCertificate.of(exchange) !== undefined,
    certificateName: (exchange) => text(clientCertificate.of(exchange)?.name),
    certificateSubject: (exchange) => text(clientCertificate.of(exchange)?.subject),
  },
}

/** The values that an expression asks for, and no others. @throws TooLarge */
export function valuesFor(used: UsedParts): (exchange: Exchange) => Values {
  const variables = Array.from(used, ([variable, parts]) => ({
    variable,
    parts: Array.from(parts, (part) => ({ part, read: PARTS[variable]?.[part] })),
  }))
  return (exchange) => {
    const values: Values = {}
    for (const { variable, parts } of variables)
      values[variable] = new Map(parts.map(({ part, read }) => [part, read?.(exchange)]))
    return values
  }
}

function text(value = '', most: number = LARGEST.text): string {
  if (value.length > most) throw new TooLarge(`a text has more than ${most} letters`)
  return value
}

function names(list: readonly string[] = []): readonly string[] {
  if (list.length > LARGEST.entries) throw new TooLarge(`a list has more than ${LARGEST.entries} entries`)
  for (const each of list) text(each, LARGEST.name)
  return list
}

/** Several lines of a name are one value (RFC 9110 5.3). */
function headersOf({ request: { headers } }: Exchange): ReadonlyMap<string, string> {
  if (headers.size > LARGEST.entries) throw new TooLarge(`a request has more than ${LARGEST.entries} fields`)
  const values = new Map<string, string>()
  for (const { name } of headers)
    if (!values.has(name)) values.set(text(name, LARGEST.name), text(headers.get(name)))
  return values
}

/** Of the same caller, the same again and again. */
const known = new WeakMap<object, ReadonlyMap<string, unknown>>()
const NONE: ReadonlyMap<string, unknown> = new Map()

function claimsOf(identity: Identity | undefined): ReadonlyMap<string, unknown> {
  if (identity === undefined) return NONE
  const found = known.get(identity.claims)
  if (found !== undefined) return found
  const made = value(identity.claims) as ReadonlyMap<string, unknown> // an object becomes one
  known.set(identity.claims, made)
  return made
}

/** What JSON says, as expressions know it. */
function value(given: unknown): unknown {
  if (typeof given === 'string') return text(given, LARGEST.claim)
  if (Array.isArray(given)) {
    if (given.length > LARGEST.entries) throw new TooLarge(`a list has more than ${LARGEST.entries} entries`)
    return given.map(value)
  }
  if (typeof given !== 'object' || given === null) return given ?? null
  const entries = Object.entries(given)
  if (entries.length > LARGEST.entries) throw new TooLarge(`a map has more than ${LARGEST.entries} entries`)
  return new Map(entries.map(([name, each]) => [name, value(each)]))
}
