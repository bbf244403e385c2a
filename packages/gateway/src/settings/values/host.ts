import { domainToASCII } from 'node:url'
import { canonicalAuthority, InvalidTarget } from '@headgate/core'
import { didYouMean, parsed, type Parsed, refused } from './parsed.ts'

/** A host name or IP address (IPv6 in brackets) in the form in which requests are compared: lower case, no port. */
export function isHostName(text: string): boolean {
  const authority = canonicalAuthority(text, 80)
  return !(authority instanceof InvalidTarget) && authority.host === text
}

/** What a route's `host` may say: `shop.example`, an IP address, or `*.shop.example` for every name below it. */
export function parseHostPattern(text: string): Parsed<string> {
  if (text === '*') return refused('is not a host', 'leave "host" out to match every host')
  const name = text.startsWith('*.') ? text.slice(2) : text
  if (isHostName(name)) return parsed(text)
  if (text.startsWith('.') && isHostName(text.slice(1)))
    return refused('is not a host', didYouMean(`*${text}`))
  if (/[\^$|()[\]\\+]|^\.\*/.test(text) && !text.startsWith('['))
    return refused(
      'is not a host',
      'there are no regular expressions of hosts: write them one by one, or "*.suffix" for all below one',
    )
  if (name.includes('*')) return refused('has a wildcard that is not a leading "*."')
  const meant = correction(name)
  if (meant === undefined) return refused('is not a host')
  return refused('is not a host', didYouMean(text.startsWith('*.') ? `*.${meant}` : meant))
}

/** The host that was probably meant: without scheme, port and path, in lower case, in ASCII. */
function correction(text: string): string | undefined {
  const host = text
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/[/?#].*$/, '')
    .replace(/:\d*$/, '')
    .replace(/\.$/, '')
  const ascii = domainToASCII(host.toLowerCase())
  return ascii !== '' && isHostName(ascii) ? ascii : undefined
}

// Patterns of the JSON Schema that several kinds of values share: an outline of what their parsers take, never less.

/** RFC 9110 5.6.2. */
export const TOKEN: string = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"

const LABEL = '[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?'
/** A name of labels in lower case, or an IPv4 address. */
export const NAME_OF_HOST: string = `[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?(?:\\.${LABEL})*`
/** The same, or an IPv6 address in brackets. */
export const HOST: string = `(?:${NAME_OF_HOST}|\\[[0-9a-f:.]+\\])`

const AUTHORITY = '(?:[A-Za-z0-9_.-]+|\\[[0-9A-Fa-f:.]+\\])(?::[0-9]{0,5})?'
export const UPSTREAM_URL: string = `(?:(?:[Hh][Tt][Tt][Pp][Ss]?|[Hh]2[Cc])://${AUTHORITY}/?|(?:https\\+|h2c\\+)?unix:/[^\\u0000]*)`
