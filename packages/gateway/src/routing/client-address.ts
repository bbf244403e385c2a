import type { BlockList } from 'node:net'
import { Exchange, forwarding, type Handler, HeaderList, HttpRequest, HttpResponse } from '@headgate/core'
import type { RouteConfig } from '../config/config.ts'
import type { MatchConfig } from '../config/match-config.ts'

const NOTHING: HttpResponse = new HttpResponse(204)
const answerNothing: Handler = () => Promise.resolve(NOTHING)

/**
 * Finds out whom a trusted proxy speaks for while the route is not known yet. It is the forwarding policy that judges what
 * proxies say, for each route; so that there is one judge, it is asked here with a request that holds nothing else.
 */
export function clientSeer(trustedProxies: BlockList): ((exchange: Exchange) => void) | undefined {
  if (trustedProxies.rules.length === 0) return undefined
  const judge = forwarding({ trustedProxies, via: false, forwarded: false, xForwarded: false })(answerNothing)
  return (exchange) => {
    const { peer, clock } = exchange
    const claimed = exchange.request.headers.get('x-forwarded-for')
    if (claimed === undefined || peer.address === '') return
    const request = HttpRequest.to('http://localhost/')
    request.headers = HeaderList.of({ 'x-forwarded-for': claimed })
    const asked = new Exchange(request, clock, peer, exchange.startedAt)
    void judge(asked)
    exchange.clientAddress = asked.clientAddress
  }
}

/** Whether somebody's address decides about the route, or is told in all its answers, which is worked out before forwarding. */
export function asksForClient({ match, responseHeaders: changes }: RouteConfig): boolean {
  const told = [changes?.set, changes?.add].flatMap((fields) => Object.values(fields ?? {}))
  return matchesClient(match) || told.some((value) => /\$\{(?:client|geo)\./.test(value))
}

function matchesClient(match: MatchConfig): boolean {
  const { client, geo, all = [], any = [], not } = match
  const inner = [...all, ...any, ...(not === undefined ? [] : [not])]
  return client !== undefined || geo !== undefined || inner.some(matchesClient)
}
