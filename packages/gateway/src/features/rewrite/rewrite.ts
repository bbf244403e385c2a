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
import type { GeoLookup } from '../geo/geo-place.ts'
import { queryChanges } from './query-changes.ts'
import { Template } from '../templates/template.ts'
import { urlText } from '../templates/url-template.ts'
import type { RewriteConfig } from './setting.ts'

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
function withoutPrefix(path: string, prefix: string): string {
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
