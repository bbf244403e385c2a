import type { PathForm } from '@headgate/core'
import type { GatewayConfig } from '../../config/schema/schema.ts'
import { settingSources } from '../../config/shared/origins.ts'
import { weightOf } from '../../routing/conditions.ts'
import { conditionsOf } from '../../features/match/conditions.ts'
import { comparePrecedence } from '../../routing/router/method-choice.ts'
import { type CliCommand, CONFIG_OPTION, EXIT, JSON_OPTION, printFound } from '../command.ts'
import { fileConfig } from '../config-source.ts'
import { targetName } from '../route-target.ts'
import { table } from '../table.ts'

export const routes: CliCommand = {
  description:
    'Prints a line for each host and path of each route. Of two lines that match the same request, the upper one ' +
    'takes it: the higher priority, then the more specific host, then the more specific path, then a named method, then ' +
    'more conditions, then the order in the file.',
  options: [CONFIG_OPTION, JSON_OPTION],
  examples: [{ command: 'headgate routes -c headgate.yaml', about: 'the table of a file' }],
  async run(values, terminal) {
    const chosen = await fileConfig(values, terminal)
    if (!chosen.ok) return chosen.exitCode
    printFound(values, terminal, { routes: tableOf(chosen.config) }, ({ routes: places }) =>
      table(lines(places)),
    )
    return EXIT.ok
  },
}

/** A line of the table: a host and a path of a route. */
interface Place {
  /** Null: any. */
  readonly host: string | null
  readonly path: string
  /** Empty: all. */
  readonly methods: readonly string[]
  readonly conditions: readonly string[]
  readonly priority: number
  readonly route: string
  /** The upstream, or what the route does without one. */
  readonly target: string
  /** What its paths may hold that is read in two ways; empty where that is nothing. */
  readonly paths: readonly string[]
  /** Settings that it shares with other routes, and where they come from. */
  readonly shared: readonly { readonly setting: string; readonly from: string }[]
}

/** In the order in which routes are tried. */
function tableOf(config: GatewayConfig): Place[] {
  const places = config.routes.flatMap((route, index) => {
    const { name, match, priority } = route
    const conditions = conditionsOf(match)
    const weight = weightOf(conditions)
    const shown = {
      methods: match.methods ?? [],
      name,
      priority,
      conditions,
      weight,
      target: targetName(route),
      paths: pathsOf(route.paths),
      shared: settingSources(config.shared, index),
    }
    return (match.host ?? [undefined]).flatMap((host) => match.path.map((path) => ({ host, path, ...shown })))
  })
  return places
    .sort(comparePrecedence)
    .map(({ host = null, path, methods, conditions, priority, name, target, paths, shared }) => ({
      host,
      path,
      methods,
      conditions: conditions.map(({ text }) => text),
      priority,
      route: name,
      target,
      paths,
      shared,
    }))
}

function pathsOf({ encodedSlash, slashes }: PathForm): string[] {
  return [
    ...(encodedSlash === 'pass' ? ['encodedSlash: pass'] : []),
    ...(slashes === 'keep' ? ['slashes: keep'] : []),
  ]
}

/** `match.host, retry from groups.api; timeout from defaults`. */
function sharedText(shared: Place['shared']): string {
  const bySource = Map.groupBy(shared, ({ from }) => from)
  const parts = Array.from(bySource, ([from, settings]) => {
    return `${settings.map(({ setting }) => setting).join(', ')} from ${from}`
  })
  return parts.join('; ')
}

/** Columns that would be empty or the same in all lines are left out. */
function lines(places: readonly Place[]): string[][] {
  const columns: readonly [heading: string, isShown: boolean, text: (place: Place) => string][] = [
    ['PRIORITY', places.some(({ priority }) => priority !== 0), ({ priority }) => String(priority)],
    ['HOST', true, ({ host }) => host ?? '*'],
    ['PATH', true, ({ path }) => path],
    ['METHODS', true, ({ methods }) => (methods.length === 0 ? '*' : methods.join(','))],
    [
      'CONDITIONS',
      places.some(({ conditions }) => conditions.length > 0),
      ({ conditions }) => conditions.join(' and '),
    ],
    ['ROUTE', true, ({ route }) => route],
    ['UPSTREAM', true, ({ target }) => target],
    ['PATHS', places.some(({ paths }) => paths.length > 0), ({ paths }) => paths.join(', ')],
    ['SHARED', places.some(({ shared }) => shared.length > 0), ({ shared }) => sharedText(shared)],
  ]
  const shown = columns.filter(([, isShown]) => isShown)
  return [shown.map(([heading]) => heading), ...places.map((place) => shown.map(([, , text]) => text(place)))]
}
