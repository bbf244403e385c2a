import { systemClock } from '@headgate/core'
import { openRoutes, uncertified } from '../features/authentication/checks.ts'
import { certificateWarnings } from '../features/tls/warnings.ts'
import { warmWarnings } from '../features/cache/warming/warnings.ts'
import { lookAlikes } from '../features/match/warnings/look-alikes.ts'
import { ownEndpoints } from './checks/addresses.ts'
import { loginWarnings } from './login-warnings.ts'
import { passedGuards } from './passed-guards.ts'
import { type RouteWarning, routeWarnings } from '../features/match/warnings/route-warnings.ts'
import type { GatewayConfig } from './schema/schema.ts'
import { versionWarnings } from './version-warnings.ts'
import { unbracedVariables } from '../settings/prepare/unbraced.ts'
import { type ConfigSource, firstFindings, type WrittenInput } from '../settings/problems/place.ts'
import type { ConfigProblem, Finding } from '../settings/problems/problem.ts'

/** What is no mistake, but can hardly be meant, with its places. */
export function configWarnings(
  config: GatewayConfig,
  input: WrittenInput,
  source: ConfigSource,
): ConfigProblem[] {
  const loops = ownEndpoints(config).map(({ path, url, listener }): Finding => {
    const problem = `${url} is this gateway's own listener ${listener}: a request that is sent there comes back, and is refused as a loop (508) when it comes through the same route again`
    return { path, whole: true, problem }
  })
  const ofRoutes = routeWarnings(config.routes).map((warning): Finding => {
    const { kind, route, other } = warning
    const path = ['routes', route]
    if (kind === 'unreachable') return { path, whole: true, problem: unreachable(warning, config, source) }
    if (kind === 'unfinished') return { path, whole: true, ...UNFINISHED }
    const names = `${nameOf(config, route)} and ${nameOf(config, other)}${lineOf(other, source)}`
    const hint = 'a priority says which of them is meant'
    return { path, whole: true, problem: `${names} ${AMBIGUOUS}`, hint }
  })
  const passed = passedGuards(config.routes).map(({ guard, other, spelling }): Finding => {
    const [own, wide] = [nameOf(config, guard), `${nameOf(config, other)}${lineOf(other, source)}`]
    return {
      path: ['routes', guard],
      whole: true,
      problem: `${own} may be passed: it takes "${spelling}" in paths, as ${wide} does, which takes a path that is spelled so, and an upstream may read it as one of ${own}`,
      hint: 'leave "paths" to the routes that need it: where the route with the rules takes no such paths, they are refused or merged',
    }
  })
  const open = openRoutes(config.routes).map((route): Finding => {
    return {
      path: ['routes', route],
      whole: true,
      problem: `${nameOf(config, route)} asks nobody who they are, while other routes do`,
      hint: 'authentication: false says that this is meant',
    }
  })
  return firstFindings(
    [
      ...loops,
      ...open,
      ...uncertified(config),
      ...ofRoutes,
      ...passed,
      ...loginWarnings(config),
      ...versionWarnings(config, input.written),
      ...lookAlikes(input.written),
      ...unbracedVariables(input.written),
      ...certificateWarnings(config, systemClock.wallTime()),
      ...warmWarnings(config.cache.warm, config.routes),
    ],
    input,
    source,
    'warnings',
  )
}

const UNFINISHED = {
  problem:
    'the routes from here on were not looked at for warnings: there are too many of the same host and path',
  hint: 'such routes are compared in pairs; fewer with the same path are looked at as a whole',
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
