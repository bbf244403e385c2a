import type { BlockList } from 'node:net'
import { Exchange, forwarding, type Handler, HeaderList, HttpRequest, HttpResponse } from '@headgate/core'
import type { RouteConfig } from '../../config/schema/route-schema.ts'
import type { MatchConfig } from '../../config/schema/match-schema.ts'

const NOTHING: HttpResponse = new HttpResponse(204)
const answerNothing: Handler = () => Promise.resolve(NOTHING)

/**
 * Finds out whom a trusted proxy speaks for, and how they connected, while the route is not known yet. It is the forwarding policy that judges what
 * proxies say, for each route; so that there is one judge, it is asked here with a request that holds nothing else.
 */
export function clientSeer(trustedProxies: BlockList): ((exchange: Exchange) => void) | undefined {
  if (trustedProxies.rules.length === 0) return undefined
  const judge = forwarding({ trustedProxies, via: false, forwarded: false, xForwarded: false })(answerNothing)
  return (exchange) => {
    const { peer, clock } = exchange
    const { headers, scheme } = exchange.request
    const claims = peer.address === '' ? undefined : claimsOf(headers)
    if (claims === undefined) return
    const request = HttpRequest.to(scheme === 'https' ? 'https://localhost/' : 'http://localhost/')
    request.headers = claims
    const asked = new Exchange(request, clock, peer, exchange.startedAt)
    void judge(asked)
    exchange.clientAddress = asked.clientAddress
    exchange.clientScheme = asked.clientScheme
  }
}

const CLAIMS = ['x-forwarded-for', 'x-forwarded-proto', 'forwarded']

/** Undefined where nothing is claimed. */
function claimsOf(headers: HeaderList): HeaderList | undefined {
  let claims: HeaderList | undefined
  for (const name of CLAIMS) {
    const value = headers.get(name)
    if (value === undefined) continue
    claims ??= new HeaderList()
    claims.add(name, value)
  }
  return claims
}

/** Whether somebody's address or scheme decides about the route, or is told in all its answers, which is worked out before forwarding. */
export function asksForClient({ match, responseHeaders, lifecycle, apiVersions }: RouteConfig): boolean {
  const told = JSON.stringify([responseHeaders, lifecycle, apiVersions])
  return matchesClient(match) || /\$\{(?:client\.|geo\.|request\.scheme\})/.test(told)
}

function matchesClient(match: MatchConfig): boolean {
  const { scheme, client, geo, all = [], any = [], not } = match
  const inner = [...all, ...any, ...(not === undefined ? [] : [not])]
  return [scheme, client, geo].some((each) => each !== undefined) || inner.some(matchesClient)
}
