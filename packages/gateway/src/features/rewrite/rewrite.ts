import {
  type Authority,
  canonicalAuthority,
  canonicalPath,
  type Exchange,
  InvalidTarget,
  type PathForm,
  type Policy,
  TrafficError,
} from '@headgate/core'
import { keyed, list } from '../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../settings/schema/section.ts'
import { boolean, value } from '../../settings/schema/setting.ts'
import { HOST } from '../../settings/values/host.ts'
import { anyText, type Kind, textKind } from '../../settings/values/kinds.ts'
import { didYouMean, parsed, refused } from '../../settings/values/parsed.ts'
import { pathTemplate, valueTemplate } from '../templates/kinds.ts'
import type { GeoLookup } from '../geo/geo-place.ts'
import { decoded } from '../../routing/conditions.ts'
import { Template } from '../templates/template.ts'
import { escapedCharacter, urlText } from '../templates/url-template.ts'

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

function parameters(about: string) {
  return keyed(anyText, value(valueTemplate)).prefault(nothing).describe(about)
}

const query = section('QueryChangesInput', () => ({
  set: parameters('Parameters to replace or add, with their values, which may hold variables.'),
  add: parameters(
    'Parameters to add beside those that are there, with their values, which may hold variables.',
  ),
  remove: list(value(anyText)).prefault([]).describe('Names of parameters to remove.'),
}))

/** Values are templates. */
export type QueryChangesConfig = Read<typeof query>

export const rewriteSetting = section('RewriteInput', () => ({
  stripPrefix: value(
    stripPrefix,
    "A path that is cut off the front of the request's: with /api, /api/orders becomes /orders.",
  ).optional(),
  restorePrefix: boolean(
    'Put what was cut off, here or by apiVersions.stripPath, back in front of Location, Content-Location, the URL of Refresh and the Path of cookies in what the upstream answers.',
    true,
  ),
  path: value(
    pathTemplate,
    'The path that the upstream sees; it may hold variables such as ${params.id} and ${request.path}.',
  ).optional(),
  host: value(hostAndPort, 'The Host that the upstream sees, as host or host:port.').optional(),
  query: query().optional().describe('Changes to the parameters of the query.'),
}))

/** The path is a template. */
export type RewriteConfig = Read<typeof rewriteSetting>

/** Changes parameters by name; all others stay byte for byte, in their order. */
export function queryChanges(config: QueryChangesConfig, geo?: GeoLookup): (exchange: Exchange) => string {
  const gone = new Set([...config.remove, ...Object.keys(config.set)])
  const added = [...Object.entries(config.set), ...Object.entries(config.add)].map(([name, value]) => {
    return { name: encodeURIComponent(name.toWellFormed()), template: new Template(value, geo) }
  })
  return (exchange) => {
    const kept = exchange.request.query
      .slice(1)
      .split('&')
      .filter((pair) => pair !== '' && !gone.has(nameOf(pair)))
    const pairs = [...kept, ...added.map(({ name, template }) => `${name}=${encoded(template, exchange)}`)]
    return pairs.length === 0 ? '' : `?${pairs.join('&')}`
  }
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=')
  return decoded(equals === -1 ? pair : pair.slice(0, equals))
}

/** Parts of the path are escaped already, and would be twice. */
function encoded(template: Template, exchange: Exchange): string {
  return template.expand(exchange, (value, part) => {
    const name = part.kind === 'variable' ? part.name : ''
    if (name.startsWith('request.headers.'))
      return value.replace(/[^A-Za-z0-9\-_.!~*'()]/gu, escapedCharacter)
    const escaped = name.startsWith('params.') || name === 'request.path'
    return encodeURIComponent((escaped ? unescaped(value) : value).toWellFormed())
  })
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * Changes the target that the upstream sees. Behind forwarding, which tells the upstream what was asked for; and undone when
 * the exchange has ended, as logs tell it, too.
 */
export function rewrite(config: RewriteConfig, geo?: GeoLookup, paths?: PathForm): Policy {
  const pathOf = pathRewrite(config, geo, paths)
  const queryOf = config.query && queryChanges(config.query, geo)
  const authority = config.host === undefined ? undefined : authorityOf(config.host)
  return (next) =>
    function rewrite(exchange) {
      const { request } = exchange
      const { path, query, authority: asked } = request
      // All of it first: variables stand for the request as it came.
      const newPath = pathOf(exchange)
      const newQuery = queryOf === undefined ? query : queryOf(exchange)
      request.path = newPath
      request.query = newQuery
      request.authority = authority ?? asked
      exchange.onFinish(() => {
        request.path = path
        request.query = query
        request.authority = asked
      })
      return next(exchange)
    }
}

function pathRewrite(
  { stripPrefix: prefix, path }: RewriteConfig,
  geo: GeoLookup | undefined,
  paths: PathForm | undefined,
): (exchange: Exchange) => string {
  if (prefix !== undefined) return ({ request }) => withoutPrefix(request.path, prefix)
  if (path === undefined) return ({ request }) => request.path
  const template = new Template(path, geo)
  return (exchange) => {
    const expanded = template.expand(exchange, urlText)
    const canonical = DOT_SEGMENT.test(expanded)
      ? new InvalidTarget('a variable leads out of its place')
      : canonicalPath(expanded, paths)
    if (!(canonical instanceof InvalidTarget)) return canonical
    const reason = `the path that the route makes of this one is refused: ${canonical.reason}`
    throw new TrafficError('malformed_request', reason, { phase: 'route' })
  }
}

/** Neither the template nor the canonical request has one: it comes from what a client chose. */
const DOT_SEGMENT = /\/\.\.?(?:\/|$)/

/** By whole segments: /api is no prefix of /apis. */
export function withoutPrefix(path: string, prefix: string): string {
  if (!path.startsWith(prefix)) return path
  const rest = path.slice(prefix.length)
  if (rest === '') return '/'
  return rest.startsWith('/') ? rest : path
}

function authorityOf(host: string): Authority {
  const authority = canonicalAuthority(host, 80)
  if (authority instanceof InvalidTarget) throw new TypeError(`rewrite.host ${host}: ${authority.reason}`)
  return authority
}
