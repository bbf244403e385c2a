import { type RouteWarning, routeWarnings } from '../routing/warnings/route-warnings.ts'
import type { GatewayConfig } from './types/config.ts'
import { type ConfigSource, placeFinding, type WrittenInput } from './problems/place.ts'
import type { ConfigProblem } from './problems/problem.ts'
import { inputSchema } from './schema/schema.ts'

/** What is no mistake, but can hardly be meant, with its places. */
export function configWarnings(
  config: GatewayConfig,
  input: WrittenInput,
  source: ConfigSource,
): ConfigProblem[] {
  const schema = inputSchema()
  return routeWarnings(config.routes).map((warning) => {
    const { kind, route, other } = warning
    const names = `${nameOf(config, route)} and ${nameOf(config, other)}${lineOf(other, source)}`
    const problem = kind === 'unreachable' ? unreachable(warning, config, source) : `${names} ${AMBIGUOUS}`
    const hint = kind === 'unreachable' ? undefined : 'a priority says which of them is meant'
    return placeFinding({ path: ['routes', route], whole: true, problem, hint }, input, source, schema)
  })
}

const AMBIGUOUS =
  'may both match a request, and neither is more specific: the one that comes first in the file is taken'

function unreachable({ route, other }: RouteWarning, config: GatewayConfig, source: ConfigSource): string {
  const taker = `${nameOf(config, other)}${lineOf(other, source)}`
  return `${nameOf(config, route)} is never taken: ${taker} comes before it and takes all that it matches`
}

function nameOf({ routes }: GatewayConfig, index: number): string {
  return `route ${JSON.stringify(routes[index]?.name)}`
}

function lineOf(index: number, { locate }: ConfigSource): string {
  const place = locate?.(['routes', index], 'value')
  return place === undefined ? '' : ` (line ${place.line})`
}
