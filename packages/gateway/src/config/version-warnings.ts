import type { GatewayConfig } from './schema/schema.ts'
import type { UpstreamConfig } from './schema/upstream-schema.ts'
import { resolveUpstreams, upstreamPlaces } from './upstreams.ts'
import { isGrpcRoute } from '../features/grpc/conditions.ts'
import { fieldOf } from '../settings/problems/fields.ts'
import type { Finding } from '../settings/problems/problem.ts'

/** What can hardly be meant of the versions of HTTP that upstreams are spoken to in, and of calls of gRPC, which take HTTP/2. */
export function versionWarnings(config: GatewayConfig, written: unknown): Finding[] {
  return [...ofUpstreams(config, written), ...ofCalls(config), ...ofMethods(config)]
}

type Scheme = 'http' | 'https' | 'h2c'

function schemesOf({ endpoints }: UpstreamConfig): Set<Scheme> {
  return new Set(
    endpoints.map(({ url, scheme }): Scheme => {
      const [, named] = /^(https|h2c)\b/.exec(url ?? '') ?? []
      return url === undefined ? (scheme ?? 'http') : ((named ?? 'http') as Scheme) // the expression names no other
    }),
  )
}

function maySpeakHttp2(upstream: UpstreamConfig): boolean {
  const schemes = schemesOf(upstream)
  return schemes.has('h2c') || (schemes.has('https') && upstream.protocols.includes('h2'))
}

/** Settings that were written, and do nothing with these endpoints. Which those are, only the file tells: both have defaults. */
function ofUpstreams({ upstreams }: GatewayConfig, written: unknown): Finding[] {
  return Object.entries(upstreams).flatMap(([name, upstream]): Finding[] => {
    const asWritten = fieldOf(fieldOf(written, 'upstreams'), name)
    const about = (key: string, problem: string, hint: string): Finding[] =>
      fieldOf(asWritten, key) === undefined
        ? []
        : [{ path: ['upstreams', name, key], part: 'key', whole: true, problem: `"${key}" ${problem}`, hint }]
    const schemes = schemesOf(upstream)
    if (schemes.has('h2c') && !upstream.protocols.includes('h2'))
      return about('protocols', OTHERS_HOLD, 'for HTTP/1.1, write http:// in place of h2c://')
    const isClear = schemes.size === 1 && schemes.has('http')
    return [
      ...(isClear && upstream.protocols.includes('h2')
        ? about('protocols', NOBODY_CHOOSES, WITHOUT_TLS)
        : []),
      ...(maySpeakHttp2(upstream) ? [] : about('http2', 'is without effect: no endpoint speaks HTTP/2', HOW)),
    ]
  })
}

const OTHERS_HOLD = 'does not hold for endpoints of h2c://, which speak HTTP/2 whatever stands here'
const NOBODY_CHOOSES = 'is without effect: it is what https endpoints choose from, and there is none'
const WITHOUT_TLS = 'for HTTP/2 without TLS, write h2c:// in place of http://'
const HOW = 'write h2c:// in the URLs of the endpoints, or https:// and protocols: [h2]'

/** Routes of gRPC to upstreams that do not speak it. */
function ofCalls(config: GatewayConfig): Finding[] {
  if (!config.routes.some(isGrpcRoute)) return []
  const upstreams = resolveUpstreams(config)
  return config.routes.flatMap((route, index) => {
    if (!isGrpcRoute(route)) return []
    return upstreamPlaces(route).flatMap(({ path, upstream }): Finding[] => {
      const asked = upstreams.get(upstream)
      if (asked === undefined || maySpeakHttp2(asked)) return []
      const problem = `calls of gRPC take HTTP/2, and no endpoint of ${JSON.stringify(upstream)} speaks it`
      return [{ path: ['routes', index, ...path], whole: true, problem, hint: HOW }]
    })
  })
}

function ofMethods({ routes }: GatewayConfig): Finding[] {
  return routes.flatMap(({ match }, index): Finding[] => {
    const { grpc, methods } = match
    if (grpc === undefined || methods === undefined || methods.includes('POST')) return []
    const problem = 'this route takes no call: those of gRPC are sent by POST'
    return [
      { path: ['routes', index, 'match', 'methods'], whole: true, problem, hint: 'leave "methods" out' },
    ]
  })
}
