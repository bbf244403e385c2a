import type { GatewayConfig } from '../config/types/config.ts'
import { shownExpanded, type ShownConfig } from '../config/redact.ts'
import { type AdminOperation, json } from './endpoint.ts'
import type { SplitsSource } from './splits.ts'
import { ANY_OBJECT, list, members } from './schemas.ts'

/** `GET /routes`. */
export function routes(config: () => GatewayConfig, source: SplitsSource): AdminOperation {
  return {
    method: 'GET',
    path: '/routes',
    about:
      'the routes in force, in the order in which they are configured, and the weights that splits have by now',
    description: {
      id: 'listRoutes',
      result: members({ routes: list(ANY_OBJECT) }),
      answers: { 200: 'the routes' },
    },
    handle() {
      const shown = shownExpanded(config()).routes
      return json({ routes: shown.map((route) => withPresentWeights(route, source)) })
    },
  }
}

function withPresentWeights(route: ShownConfig['routes'][number], { splits }: SplitsSource): unknown {
  const weights = splits.get(route.name ?? '')?.weights
  return weights === undefined ? route : { ...route, split: { ...route.split, present: weights.byName } }
}
