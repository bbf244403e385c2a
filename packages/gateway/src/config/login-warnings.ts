import { Exchange, HttpRequest, systemClock } from '@headgate/core'
import { hasAuthentication } from '../features/authentication/setting.ts'
import { routeEntry } from '../features/match/conditions.ts'
import { Router } from '../routing/router/router.ts'
import type { Finding } from '../settings/problems/problem.ts'
import type { RouteConfig } from './schema/route-schema.ts'
import type { GatewayConfig } from './schema/schema.ts'

/** Logins that never end, since no route with their authenticator takes the way back from the provider. */
export function loginWarnings({ authenticators, routes }: GatewayConfig): Finding[] {
  const logins = Object.entries(authenticators).filter(([, { oidc }]) => oidc !== undefined)
  if (logins.length === 0) return []
  const router = new Router(routes.map((route) => routeEntry(route, route)))
  return logins.flatMap(([name, { oidc }]): Finding[] => {
    const callback = `${oidc?.path ?? `/auth/${name}`}/callback`
    const using = routes.filter((route) => isGuarded(route, name))
    const hosts = new Set(
      using.flatMap(({ match }) => (match.host === undefined ? ['any.invalid'] : match.host)),
    )
    const isTaken = [...hosts].some((host) => {
      const request = HttpRequest.to(`https://${host.replace('*', 'any')}${callback}`)
      const found = router.find(request.authority.host, callback, 'GET', new Exchange(request, systemClock))
      return found.kind === 'found' && isGuarded(found.route, name)
    })
    if (using.length === 0 || isTaken) return []
    return [
      {
        path: ['authenticators', name],
        whole: true,
        problem: `no login of ${name} can end: no route with this authenticator takes ${callback}`,
        hint: 'a route that takes it, as { match: { path: PATH/** }, authentication: NAME, respond: { status: 404 } }, or another "path" of the authenticator',
      },
    ]
  })
}

function isGuarded(route: RouteConfig, authenticator: string): boolean {
  return hasAuthentication(route) && route.authentication.names.includes(authenticator)
}
