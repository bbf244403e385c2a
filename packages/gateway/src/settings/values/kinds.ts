import { isToken } from '@headgate/core'
import { type Address, formatAddress, parseAddress, parseIpRange } from './address.ts'
import { HOST, isHostName, parseHostPattern, TOKEN, UPSTREAM_URL } from './host.ts'
import { didYouMean, parsed, type Parsed, refused, scalarText } from './parsed.ts'
import { parsePathPattern } from './path-pattern.ts'
import {
  bareNumberHint,
  parseByteRate,
  parseDuration,
  parseSize,
  writtenByteRate,
  writtenSize,
  writtenTime,
} from './units.ts'
import { isUrlLike, parseUpstreamUrl } from './upstream-url.ts'

/** One kind of value that a setting may hold: how it is read, and what is said to people and to editors. */
export interface Kind<T> {
  readonly parse: (written: unknown) => Parsed<T>
  /** All that is allowed, for error messages. */
  readonly allowed: string
  /** Its part of the JSON Schema. */
  readonly json: Readonly<Record<string, unknown>>
  /** What TypeScript lets people write, where that is not what follows from the JSON Schema: `Duration`, of input/quantities.ts. */
  readonly type?: string
  /** The value as somebody would write it; absent: as it is. */
  readonly write?: (value: T) => unknown
}

/** Limits of a quantity as it is written, both included. */
export interface Range {
  readonly min?: string
  readonly max?: string
}

export function duration(range: Range = {}): Kind<number> {
  return quantity(parseDuration, 'a duration', range, {
    type: 'Duration',
    write: writtenTime,
    allowed: `a whole number with its unit (ms, s, m or h), such as 250ms or 30s`,
    unit: '(ms|s|m|h)',
  })
}

export function size(range: Range = {}): Kind<number> {
  return quantity(parseSize, 'a size', range, {
    type: 'ByteSize',
    write: writtenSize,
    allowed: `a whole number with its unit (B, KB, KiB, MB, MiB, GB or GiB), such as 64KiB`,
    unit: '([KMG]i?)?B',
  })
}

export function byteRate(): Kind<number> {
  return quantity(
    parseByteRate,
    'a byte rate',
    {},
    {
      type: 'ByteRate',
      write: writtenByteRate,
      allowed: 'a whole number with its unit (B/s, KiB/s, MiB/s ...), such as 240B/s, or 0',
      unit: '([KMG]i?)?B/s',
    },
  )
}

/** A quantity that can be switched off, and is Infinity then. In YAML 1.2 `off` is a text, in 1.1 it is false. */
export function orOff({ allowed, json, type, write, parse }: Kind<number>): Kind<number> {
  return {
    ...(write && { write }),
    allowed: `${allowed}; or off`,
    json: { anyOf: [json, { enum: ['off', false] }] },
    type: `${type} | Off`,
    parse(written) {
      if (written === false || written === 'off') return parsed(Infinity)
      if (typeof written === 'string' && written.toLowerCase() === 'off')
        return refused('is not in lower case', didYouMean('off'))
      return parse(written)
    },
  }
}

function quantity(
  parse: (text: string) => Parsed<number>,
  noun: 'a duration' | 'a size' | 'a byte rate',
  range: Range,
  {
    type,
    allowed,
    unit,
    write,
  }: { type: string; allowed: string; unit: string; write: (amount: number) => string },
): Kind<number> {
  const limit = (text: string | undefined, otherwise: number) => {
    const value = text === undefined ? undefined : parse(text)
    return value?.ok === true ? value.value : otherwise
  }
  const [min, max] = [limit(range.min, 0), limit(range.max, Number.POSITIVE_INFINITY)]
  return {
    allowed: [allowed, range.min && `at least ${range.min}`, range.max && `at most ${range.max}`]
      .filter(Boolean)
      .join('; '),
    json:
      min === 0
        ? { anyOf: [{ type: 'string', pattern: `^(0|[0-9]+${unit})$` }, { const: 0 }] }
        : { type: 'string', pattern: `^(0*[1-9][0-9]*${unit})$` },
    type: min === 0 ? `${type} | Zero` : type,
    write,
    parse(written) {
      if (typeof written !== 'string' && typeof written !== 'number') return refused(`is not ${noun}`)
      if (String(written) !== '0' && /^\s*\d+(?:\.\d+)?\s*$/.test(String(written)))
        return refused('has no unit', bareNumberHint(noun, Number(written), min, max))
      const amount = parse(String(written))
      if (!amount.ok) return amount
      if (amount.value < min) return refused('is too small')
      return amount.value > max ? refused('is too large') : amount
    },
  }
}

export function whole(min: number, max: number = Number.MAX_SAFE_INTEGER): Kind<number> {
  const allowed =
    max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min} up` : `a whole number from ${min} to ${max}`
  return {
    allowed,
    json: { type: 'integer', minimum: min, maximum: max },
    parse(written) {
      if (typeof written !== 'number' || !Number.isInteger(written)) {
        const meant =
          typeof written === 'string' && /^\d{1,15}$/.test(written)
            ? `without quotes: ${Number(written)}`
            : undefined
        return refused('is not a whole number', meant)
      }
      if (written < min) return refused('is too small')
      return written > max ? refused('is too large') : parsed(written)
    },
  }
}

export const flag: Kind<boolean> = {
  allowed: 'true or false',
  json: { type: 'boolean' },
  parse(written) {
    if (typeof written === 'boolean') return parsed(written)
    const word = scalarText(written).toLowerCase()
    if (['true', 'yes', 'on'].includes(word)) return refused('is not true or false', 'without quotes: true')
    if (['false', 'no', 'off'].includes(word)) return refused('is not true or false', 'without quotes: false')
    return refused('is not true or false')
  },
}

function text<T>(noun: string, allowed: string, parse: (text: string) => Parsed<T>, json = {}): Kind<T> {
  return {
    allowed,
    json: { type: 'string', ...json },
    parse: (written) => (typeof written === 'string' ? parse(written) : refused(`is not ${noun}`)),
  }
}

export { text as textKind }

export const address: Kind<Address> = {
  ...text(
    'an address',
    'host and port (127.0.0.1:8080, [::1]:8080), a port on every address (:8080) or a unix socket (unix:/run/headgate.sock)',
    parseAddress,
    {
      pattern: `^(?:unix:/[^\\u0000]*|(?:${HOST}|\\[[0-9A-Fa-f:.]+(?:%[^\\]]+)?\\])?:[0-9]{1,5})$`,
    },
  ),
  write: formatAddress,
}

export const ipRange: Kind<string> = text(
  'an IP address or a CIDR range',
  'an IP address (192.0.2.7) or a CIDR range (10.0.0.0/8, fd00::/8)',
  parseIpRange,
  { pattern: '^(?=[^/]*[.:])[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?$' },
)

export const hostPattern: Kind<string> = text(
  'a host',
  'a host name in lower case and without port (shop.example), or every name below one (*.shop.example)',
  parseHostPattern,
  { pattern: `^(?:\\*\\.)?${HOST}$` },
)

export const pathPattern: Kind<string> = text(
  'a path pattern',
  'an exact path (/a/b), a prefix (/a/**) or parameters (/users/:id); it starts with "/"',
  parsePathPattern,
  { pattern: '^(?=/)(?:/(?::[A-Za-z_][A-Za-z0-9_]*|(?!:)[^/?#*]*))*(?:/\\*\\*)?$' },
)

export const method: Kind<string> = text(
  'a method',
  'the name of a method in upper case, such as GET, or a list of them',
  (name) => {
    if (/^(?:\*|any|all)$/i.test(name))
      return refused('names no method', 'without "methods", every method matches')
    const several = name.split(/[\s,|]+/).filter((each) => each !== '')
    if (several.length > 1 && several.every((each) => isToken(each)))
      return refused(
        'names several methods',
        `did you mean ${JSON.stringify(several.map((each) => each.toUpperCase()))}?`,
      )
    if (!isToken(name)) return refused('is not the name of a method')
    return name === name.toUpperCase()
      ? parsed(name)
      : refused('is not in upper case', didYouMean(name.toUpperCase()))
  },
  // No word for all methods, and no two with a bar between them.
  { pattern: "^(?!(?:\\*|ANY|ALL)$)(?![^|]*\\|*[^|]+\\|+[^|])[!#$%&'*+\\-.^_`|~0-9A-Z]+$" },
)

export const serverName: Kind<string> = text(
  'a host name',
  'a host name in lower case, such as orders.internal',
  (name) => (isHostName(name) ? parsed(name) : refused('is not a host name')),
  { pattern: `^${HOST}$` },
)

const UPSTREAM_URL_FORMS =
  'http://host:port, https://host:port, h2c://host:port, unix:/run/app.sock, https+unix:/run/app.sock or h2c+unix:/run/app.sock, without path, query and credentials'

export const upstreamUrl: Kind<string> = text(
  'the URL of an upstream',
  UPSTREAM_URL_FORMS,
  parseUpstreamUrl,
  {
    pattern: `^${UPSTREAM_URL}$`,
  },
)

/** Whether a named group exists is not known here: cross-checks.ts looks. */
export const upstreamReference: Kind<string> = text(
  'an upstream',
  `the name of an upstream, or a URL: ${UPSTREAM_URL_FORMS}`,
  (written) => {
    if (written === '') return refused('is empty')
    return isUrlLike(written) ? parseUpstreamUrl(written) : parsed(written)
  },
  { pattern: `^(?:[^:/]+|${UPSTREAM_URL})$` },
)

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/

export const name: Kind<string> = text(
  'a name',
  'letters, digits, "_", "-" and ".", a letter or digit first, at most 100',
  (written) => (NAME.test(written) ? parsed(written) : refused('is not a name')),
  { pattern: NAME.source },
)

/** Fields that frame messages, belong to a connection, or say who sent it; an id written there would break the exchange. */
const RESERVED_FIELDS = new Set([
  'cdn-loop',
  'connection',
  'content-length',
  'forwarded',
  'host',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
])

export const fieldName: Kind<string> = text(
  'the name of a header field',
  'the name of a header field, such as x-request-id',
  (written) => {
    const field = written.toLowerCase()
    if (!isToken(field)) return refused('is not the name of a header field')
    return RESERVED_FIELDS.has(field) ? refused('has a meaning of its own in HTTP') : parsed(field)
  },
  { pattern: `^${TOKEN}$` },
)

export const pseudonym: Kind<string> = text(
  'a pseudonym',
  'letters, digits and "-" (a token, RFC 9110 7.6.3)',
  (written) => (isToken(written) ? parsed(written) : refused('is not a pseudonym')),
  { pattern: `^${TOKEN}$` },
)

export const filePath: Kind<string> = text(
  'the path of a file',
  "the path of a file; a relative one starts at the configuration file's folder",
  (written) => {
    if (written.trim() === '') return refused('is empty')
    return written.includes('\0') ? refused('holds a NUL') : parsed(written)
  },
  { pattern: '^(?!\\s*$)[^\\u0000]*$' },
)

export const anyText: Kind<string> = text('a text', 'a text', parsed)
