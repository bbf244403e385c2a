import { list } from '../../../settings/schema/list.ts'
import { type Read, section } from '../../../settings/schema/section.ts'
import { bytes, integer, oneOf, time, timeOr0, value } from '../../../settings/schema/setting.ts'
import { type Kind, name, textKind } from '../../../settings/values/kinds.ts'
import { parsed, refused } from '../../../settings/values/parsed.ts'
import { changedField, requestField } from '../../../settings/values/request-field.ts'
import { TOKEN } from '../../../settings/values/host.ts'

const serviceUrl: Kind<string> = textKind(
  'a URL',
  'an http or https URL without credentials and without a fragment',
  (written) => {
    const url = URL.canParse(written) ? new URL(written) : undefined
    const isOne =
      url !== undefined && /^https?:$/.test(url.protocol) && url.username + url.password + url.hash === ''
    return isOne ? parsed(url.href) : refused('is not the URL of a service')
  },
)

const servicePath: Kind<string> = textKind(
  'a path',
  'a path that begins with "/", with a query if there is one',
  (written) =>
    /^\/[!-"$-~]*$/.test(written) && !written.startsWith('//') ? parsed(written) : refused('is not a path'),
)

/** What services say of callers stands in fields of these names, too, which no proxy in front writes. */
const OF_CALLERS = /^x-forwarded-(?:user|name|email|groups|roles|preferred-username|access-token)$/

const answeredField: Kind<string> = {
  ...changedField,
  parse(written) {
    if (typeof written === 'string' && OF_CALLERS.test(written.toLowerCase()))
      return parsed(written.toLowerCase())
    return changedField.parse(written)
  },
}

const sentField: Kind<string> = textKind(
  'the name of a header field',
  'the name of a header field that the gateway does not write itself, such as authorization',
  (written) => {
    const read = changedField.parse(written)
    if (!read.ok || !/^content-|^x-original-/.test(read.value)) return read
    return refused('is written by the gateway')
  },
  { pattern: `^${TOKEN}$` },
)

/** What a verdict may depend on. */
export type Dependence =
  | { readonly kind: 'method' | 'scheme' | 'host' | 'path' | 'query' | 'client' }
  | { readonly kind: 'header' | 'cookie'; readonly name: string }

const PARTS = ['method', 'scheme', 'host', 'path', 'query', 'client'] as const
const DEPENDENCE = new RegExp(`^(?:${PARTS.join('|')}|(?:header|cookie):${TOKEN})$`)

const dependence: Kind<string> = textKind(
  'what a verdict depends on',
  `${PARTS.join(', ')}, header:NAME or cookie:NAME`,
  (written) =>
    DEPENDENCE.test(written) ? parsed(written) : refused('is nothing that a verdict may depend on'),
  { pattern: DEPENDENCE.source },
)

export function readDependence(written: string): Dependence {
  const [, kind, named = ''] = /^(header|cookie):(.*)$/s.exec(written) ?? []
  if (kind === 'header') return { kind, name: named.toLowerCase() }
  if (kind === 'cookie') return { kind, name: named }
  const part = PARTS.find((each) => each === written)
  if (part === undefined) throw new TypeError(`${written} is nothing that a verdict may depend on`)
  return { kind: part }
}

const cache = section('ExternalCacheInput', () => ({
  ttl: time('How long a verdict holds; one with Cache-Control: no-store is not kept.'),
  by: list(value(dependence))
    .min(1)
    .describe(
      'All that the verdict of the service depends on: requests that are the same in this share it. One of header:NAME, cookie:NAME and client must be there.',
    ),
  entries: integer(
    'How many verdicts each worker keeps; beyond that, one is forgotten.',
    10_000,
    1,
    1_000_000,
  ),
  staleFor: timeOr0('With onError: allow-stale, how long a verdict serves beyond its ttl.').prefault('1h'),
}))

export const externalSetting = section('ExternalAuthenticatorInput', () => ({
  url: value(serviceUrl, 'The service, by its URL.').optional(),
  upstream: value(
    name,
    'The service, as one of upstreams: with their balancing, health checks and TLS.',
  ).optional(),
  path: value(servicePath, 'With upstream: what is asked for there. Left out: /.').optional(),
  requestHeaders: list(value(sentField))
    .prefault(['authorization', 'cookie'])
    .describe(
      'Fields of the request that the service is sent. It always gets X-Forwarded-Method, -Proto, -Host, -Uri and -For, and the same as X-Original-Method, -URL and -URI.',
    ),
  body: bytes(
    'Send the service the body, too, by POST; a request with a larger one is refused. Left out: no body, by GET.',
    {
      min: '1B',
      max: '16MiB',
    },
  ).optional(),
  subject: value(requestField, 'The field of its answer that says who it is. Without it, nobody is let in.'),
  name: value(requestField, 'The one with their name, for people.').optional(),
  groups: value(requestField, 'The one with their groups, with commas between them.').optional(),
  scopes: value(requestField, 'The one with what they may do, with spaces or commas between.').optional(),
  upstreamHeaders: list(value(answeredField))
    .prefault([])
    .describe(
      'Fields of its answer that the upstream gets; rules and templates know them as claims. What clients send under these names, or with _ or . in place of -, never passes.',
    ),
  refusalHeaders: list(value(requestField))
    .prefault(['www-authenticate', 'location', 'set-cookie', 'content-type', 'retry-after'])
    .describe('Fields that the client gets where the service refuses: with 401, 403 or a redirect.'),
  timeout: time('How long the service may take.').prefault('5s'),
  maxAnswer: bytes('Bytes that its answer may have.', { min: '1B', max: '16MiB' }).prefault('64KiB'),
  onError: oneOf(
    ['deny', 'allow-stale'],
    'What holds while the service is away (it answers with 5xx, too late, or not at all): requests are refused (deny), or whoever was let in before passes by that verdict (allow-stale).',
  ).prefault('deny'),
  cache: cache()
    .optional()
    .describe('Keeps whom the service lets in. Left out: it is asked for each request.'),
}))

export type ExternalConfig = Read<typeof externalSetting>
