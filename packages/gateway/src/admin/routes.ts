import type { GatewayConfig } from '../config/schema/schema.ts'
import { shownExpanded, type ShownConfig } from '../config/shown.ts'
import { routePolicies } from '../explain/route-policies.ts'
import { type AdminOperation, json } from './endpoint.ts'
import type { SplitsSource } from './splits.ts'
import { ANY_OBJECT, list, members } from './schemas.ts'

/** `GET /routes`. */
export function routes(config: () => GatewayConfig, source: SplitsSource): AdminOperation {
  return {
    method: 'GET',
    path: '/routes',
    about:
      'the routes in force, in the order in which they are configured, with the policies that each has, outermost first, and ' +
      'the weights that splits have by now',
    description: {
      id: 'listRoutes',
      result: members({ routes: list(ANY_OBJECT) }),
      answers: { 200: 'the routes' },
    },
    handle() {
      const inForce = config()
      const policies = routePolicies(inForce)
      const shown = shownExpanded(inForce).routes.map((route, index) => ({
        ...withPresentWeights(route, source),
        policies: policies.get(inForce.routes[index]?.name ?? ''),
      }))
      return json({ routes: shown })
    },
  }
}

function withPresentWeights(route: ShownConfig['routes'][number], { splits }: SplitsSource): object {
  const weights = splits.get(route.name ?? '')?.weights
  return weights === undefined ? route : { ...route, split: { ...route.split, present: weights.byName } }
}
