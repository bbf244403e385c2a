import type { Kind } from '../../settings/values/kinds.ts'
import { parsed, refused, scalarText } from '../../settings/values/parsed.ts'
import { TOKEN as TOKEN_PATTERN } from '../../settings/values/host.ts'

/** RFC 9110 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** What of a request is hashed; the names of headers are in lower case. */
export type HashKeyConfig =
  | { readonly kind: 'client-ip' }
  | { readonly kind: 'path' }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string }

export const hashKey: Kind<HashKeyConfig> = {
  allowed: 'client-ip, path, header:NAME or cookie:NAME',
  json: { type: 'string', pattern: `^(client-ip|path|(header|cookie):${TOKEN_PATTERN})$` },
  parse(written) {
    if (written === 'client-ip' || written === 'path') return parsed({ kind: written })
    const [, kind, name = ''] = /^(header|cookie):(.*)$/.exec(scalarText(written)) ?? []
    if (kind === undefined) return refused('is not a part of a request')
    if (!TOKEN.test(name)) return refused(`holds no name of a ${kind}`)
    return parsed(kind === 'header' ? { kind: 'header', name: name.toLowerCase() } : { kind: 'cookie', name })
  },
  write: (key) => ('name' in key ? `${key.kind}:${key.name}` : key.kind),
}

export const cookieName: Kind<string> = {
  allowed: 'the name of a cookie, such as route',
  json: { type: 'string', pattern: `^${TOKEN_PATTERN}$` },
  parse: (written) =>
    typeof written === 'string' && TOKEN.test(written)
      ? parsed(written)
      : refused('is not the name of a cookie'),
}

/** Operators are not shown it. */
export const secretText: Kind<string> = {
  allowed: 'a text of at least 16 characters',
  json: { type: 'string', minLength: 16, writeOnly: true },
  parse(written) {
    if (typeof written !== 'string') return refused('is not a text')
    // By characters, as JSON Schema counts them.
    return Array.from(written).length < 16 ? refused('is too short') : parsed(written)
  },
}

/** Path and query, as they are sent. */
export const requestPath: Kind<string> = {
  allowed: 'a path such as /healthz, with a query or without',
  json: { type: 'string', pattern: '^/[\\x21\\x22\\x24-\\x7e]*$' },
  parse: (written) =>
    typeof written === 'string' && /^\/[\x21\x22\x24-\x7e]*$/.test(written)
      ? parsed(written)
      : refused('is not a path'),
}

export const hostText: Kind<string> = {
  allowed: 'a host, with a port or without, such as orders.internal',
  json: { type: 'string', pattern: '^(?:[a-z0-9_.-]+|\\[[0-9a-f:.]+\\])(?::[0-9]{1,5})?$' },
  parse: (written) =>
    typeof written === 'string' && /^(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/.test(written)
      ? parsed(written)
      : refused('is not a host'),
}

export interface StatusRange {
  readonly from: number
  readonly to: number
}

export const statusRange: Kind<StatusRange> = {
  allowed: 'a status such as 204, or a range such as 200-299, from 100 to 599',
  json: {
    anyOf: [
      { type: 'integer', minimum: 100, maximum: 599 },
      { type: 'string', pattern: '^[1-5]\\d\\d(-[1-5]\\d\\d)?$' },
    ],
  },
  parse(written) {
    const [, first, last = first] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(scalarText(written)) ?? []
    if (first === undefined) return refused('is not a status')
    const [from, to] = [Number(first), Number(last)]
    return from <= to ? parsed({ from, to }) : refused('begins after its end')
  },
  write: ({ from, to }) => (from === to ? from : `${from}-${to}`),
}
