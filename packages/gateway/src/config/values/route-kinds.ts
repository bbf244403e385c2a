import { canonicalAuthority, canonicalPath, InvalidTarget } from '@headgate/core'
import { Regex } from '../../routing/regex/regex.ts'
import { fieldTemplate } from '../../routing/transform/field-template.ts'
import { Template, type TemplatePart } from '../../routing/transform/template.ts'
import { UrlTemplate } from '../../routing/transform/url-template.ts'
import { VARIABLE_NAMES } from '../../routing/transform/variables.ts'
import { TEMPLATE } from '../../settings/schema/schema-tree.ts'
import { type Kind, textKind } from '../../settings/values/kinds.ts'
import { didYouMean, parsed, type Parsed, refused } from '../../settings/values/parsed.ts'
import { HOST, TOKEN as TOKEN_PATTERN } from '../../settings/values/host.ts'

const AS_TEMPLATE = { $comment: TEMPLATE }

/** Without control characters but the tab. */
const FIELD_TEXT = '^[^\\u0000-\\u0008\\u000a-\\u001f\\u007f]*$'

const VARIABLES = `variables are ${VARIABLE_NAMES.map((name) => `\${${name}}`).join(', ')}`

export const regex: Kind<string> = textKind(
  'a regular expression',
  'text, ".", classes, \\d \\w \\s, groups, "|" and repeats; it is compared with the whole value',
  (written) => tried(written, () => new Regex(written)),
)

export const mediaRange: Kind<string> = textKind(
  'a media type',
  'type/subtype or type/*, such as application/json',
  (written) => {
    const lower = written.toLowerCase()
    if (/^[a-z0-9!#$&^_.+-]+\/(?:[a-z0-9!#$&^_.+-]+|\*)$/.test(lower)) return parsed(lower)
    return refused('is not a media type without parameters')
  },
  { pattern: '^[A-Za-z0-9!#$&^_.+-]+/(?:[A-Za-z0-9!#$&^_.+-]+|\\*)$' },
)

export const stripPrefix: Kind<string> = textKind(
  'a path',
  'a path such as /api, without a slash at its end',
  (written) => {
    if (!written.startsWith('/')) return refused('does not start with "/"', didYouMean(`/${written}`))
    if (/^\/?.*[/?#*]$|[?#]/.test(written)) return refused('is not a path without a slash at its end')
    const canonical = canonicalPath(written)
    if (canonical instanceof InvalidTarget) return refused(`cannot match: ${canonical.reason}`)
    return canonical === written ? parsed(written) : refused('is not canonical', didYouMean(canonical))
  },
  { pattern: '^/[^?#]*[^/?#*]$' },
)

export const hostAndPort: Kind<string> = textKind(
  'a host',
  'host or host:port, such as orders.internal',
  (written) => {
    const authority = canonicalAuthority(written, 80)
    if (authority instanceof InvalidTarget) return refused('is not a host')
    return authority.text === written
      ? parsed(written)
      : refused('is not canonical', didYouMean(authority.text))
  },
  { pattern: `^${HOST}(?::[1-9][0-9]{0,4})?$` },
)

/** The value of a field, or of a parameter of the query. */
export const valueTemplate: Kind<string> = textKind(
  'a text',
  `a text without control characters; ${VARIABLES}`,
  (written) => {
    // What is beyond ASCII is sent as UTF-8.
    if (/[^\t -~\u0080-\u{10ffff}]/u.test(written) || !written.isWellFormed())
      return refused('holds a character that no field may hold')
    return tried(written, () => new Template(written))
  },
  { ...AS_TEMPLATE, pattern: FIELD_TEXT },
)

export const pathTemplate: Kind<string> = textKind(
  'a path',
  `a path that starts with "/" or \${request.path}; ${VARIABLES}`,
  (written) => {
    const template = tried(written, () => new Template(written))
    if (!template.ok) return template
    if (/[?#]/.test(written)) return refused('holds a query or a fragment', 'for the query, there is "query"')
    if (written.includes('${request.query}'))
      return refused('holds a query', 'it is passed on by itself; to change it, there is "query"')
    const text = asExample(new Template(written).parts, { 'request.path': '/path' })
    if (!text.startsWith('/')) return refused('does not start with "/"')
    const canonical = canonicalPath(text)
    if (canonical instanceof InvalidTarget) return refused(`is no path: ${canonical.reason}`)
    return canonical === text
      ? parsed(written)
      : refused('is not canonical', 'such as "/a//b", which is /a/b')
  },
  { ...AS_TEMPLATE, pattern: '^(?:/|\\$\\{request\\.path\\})[^?#]*$' },
)

export const location: Kind<string> = textKind(
  'a URL or a path',
  `http://..., https://..., or a path that starts with "/" or \${request.path}, with a host that no request can choose; ${VARIABLES}`,
  (written) => {
    const value = valueTemplate.parse(written)
    if (!value.ok) return value
    const texts = new Template(written).parts.map((part) => (part.kind === 'text' ? part.text : ''))
    if (texts.some((text) => /[ \t"<>\\^`{|}]|[^\x20-\x7e]/.test(text)))
      return refused('holds a character that no URL may hold')
    return tried(written, () => new UrlTemplate(written))
  },
  // A variable may begin anywhere, in the scheme too.
  { ...AS_TEMPLATE, pattern: '^(?:https?://|/|[htps:/]*\\$\\{)[^\\u0000-\\u0020\\u007f]*$' },
)

/** Why a template cannot be the value of the field of that name, in lower case; undefined if it can. */
export function fieldProblem(name: string, written: string): string | undefined {
  const result = tried(written, () => fieldTemplate(name, written))
  return result.ok ? undefined : result.problem
}

/** Stands for values that are not known: it may be anything. */
const CHOSEN = 'chosen'

function asExample(parts: readonly TemplatePart[], examples: Readonly<Record<string, string>>): string {
  return parts.map((part) => (part.kind === 'text' ? part.text : (examples[part.name] ?? CHOSEN))).join('')
}

function tried(written: string, make: () => unknown): Parsed<string> {
  try {
    make()
    return parsed(written)
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error))
  }
}

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

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

export const token: Kind<string> = textKind(
  'a name',
  "letters, digits and !#$%&'*+-.^_`|~",
  (written) => (TOKEN.test(written) ? parsed(written) : refused('is not the name of a field or a cookie')),
  { pattern: `^${TOKEN_PATTERN}$` },
)

export const matchedField: Kind<string> = textKind(
  'the name of a header field',
  'the name of a header field, such as x-canary',
  (written) => {
    const name = written.toLowerCase()
    if (!TOKEN.test(name)) return refused('is not the name of a header field')
    if (name === 'host') return refused('is not matched here', 'there is match.host')
    if (name === 'x-forwarded-proto')
      return refused('is what anybody may claim', 'for the scheme of the client, there is match.scheme')
    if (name === 'x-real-ip' || name.startsWith('x-forwarded'))
      return refused('is what anybody may claim', 'for the address of the client, there is match.client')
    return UNTOUCHABLE.has(name) ? refused('does not reach the upstream as it came') : parsed(name)
  },
  { pattern: `^${TOKEN_PATTERN}$` },
)

export const changedField: Kind<string> = textKind(
  'the name of a header field',
  'the name of a header field that the gateway does not write itself, such as x-tenant',
  (written) => {
    const name = written.toLowerCase()
    if (!TOKEN.test(name)) return refused('is not the name of a header field')
    if (name === 'host') return refused('is not changed here', 'there is rewrite.host')
    return UNTOUCHABLE.has(name) || name.startsWith('x-forwarded')
      ? refused('frames messages, or is written by the gateway')
      : parsed(name)
  },
  { pattern: `^${TOKEN_PATTERN}$` },
)

const REDIRECTS: readonly unknown[] = [301, 302, 303, 307, 308]

export const redirectStatus: Kind<number> = {
  allowed: '301, 302, 303, 307 or 308',
  json: { type: 'integer', enum: REDIRECTS },
  type: 'number',
  parse: (written) =>
    REDIRECTS.includes(written) ? parsed(Number(written)) : refused('is not the status of a redirect'),
}

export const percentage: Kind<number> = {
  allowed: 'a number from 0 to 100',
  json: { type: 'number', minimum: 0, maximum: 100 },
  parse: (written) =>
    typeof written === 'number' && written >= 0 && written <= 100
      ? parsed(written)
      : refused('is not a percentage'),
}
