import { isSecretField, isToken } from '@headgate/core'
import { TOKEN } from './host.ts'
import { type Kind, textKind } from './kinds.ts'
import { parsed, refused } from './parsed.ts'

/** RFC 9110 5.5, without white space at its ends. */
const VALUE = /^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/

/** The name of a field that is looked at, and so may be any. */
export const requestField: Kind<string> = {
  allowed: 'the name of a header field, such as x-api-key',
  json: { type: 'string', pattern: `^${TOKEN}$` },
  parse(written) {
    if (typeof written !== 'string' || !isToken(written)) return refused('is not the name of a header field')
    return parsed(written.toLowerCase())
  },
}

/** The value of a field that is a secret: operators are not shown it. */
export const secretFieldValue: Kind<string> = {
  allowed: 'what a header field can hold, without spaces at its ends',
  json: { type: 'string', pattern: VALUE.source, writeOnly: true },
  parse(written) {
    if (typeof written !== 'string' || !VALUE.test(written))
      return refused('is not the value of a header field')
    return parsed(written)
  },
}

/** The name of a field whose values may stand in a log. */
export const loggedField: Kind<string> = textKind(
  'the name of a header field',
  'the name of a header field that holds no secret, such as x-canary',
  (written) => {
    const name = written.toLowerCase()
    if (!isToken(name)) return refused('is not the name of a header field')
    return isSecretField(name) ? refused('may hold a secret, which no log is to hold') : parsed(name)
  },
  { pattern: `^${TOKEN}$` },
)

/** Fields that frame messages, belong to one connection or are the gateway's own: no configuration may write them. */
const UNTOUCHABLE = new Set([
  'connection',
  'content-length',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  // Means nothing in HTTP, and much to CGI (httpoxy).
  'proxy',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
])

export const token: Kind<string> = textKind(
  'a name',
  "letters, digits and !#$%&'*+-.^_`|~",
  (written) => (isToken(written) ? parsed(written) : refused('is not the name of a field or a cookie')),
  { pattern: `^${TOKEN}$` },
)

export const matchedField: Kind<string> = textKind(
  'the name of a header field',
  'the name of a header field, such as x-canary',
  (written) => {
    const name = written.toLowerCase()
    if (!isToken(name)) return refused('is not the name of a header field')
    if (name === 'host') return refused('is not matched here', 'there is match.host')
    if (name === 'x-forwarded-proto')
      return refused('is what anybody may claim', 'for the scheme of the client, there is match.scheme')
    if (name === 'x-real-ip' || name.startsWith('x-forwarded'))
      return refused('is what anybody may claim', 'for the address of the client, there is match.client')
    return UNTOUCHABLE.has(name) ? refused('does not reach the upstream as it came') : parsed(name)
  },
  { pattern: `^${TOKEN}$` },
)

export const changedField: Kind<string> = textKind(
  'the name of a header field',
  'the name of a header field that the gateway does not write itself, such as x-tenant',
  (written) => {
    const name = written.toLowerCase()
    if (!isToken(name)) return refused('is not the name of a header field')
    if (name === 'host') return refused('is not changed here', 'there is rewrite.host')
    return UNTOUCHABLE.has(name) || name.startsWith('x-forwarded')
      ? refused('frames messages, or is written by the gateway')
      : parsed(name)
  },
  { pattern: `^${TOKEN}$` },
)
