import type { GatewayConfig } from '../../config/types/config.ts'
import { weightOf } from '../../routing/conditions/condition.ts'
import { conditionsOf } from '../../routing/conditions/conditions.ts'
import { comparePrecedence } from '../../routing/router/precedence.ts'
import { type CliCommand, CONFIG_OPTION, JSON_OPTION } from '../command.ts'
import { fileConfig } from '../config-source.ts'
import { EXIT } from '../exit-code.ts'
import { printFound } from '../print-found.ts'
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
}

/** In the order in which routes are tried. */
function tableOf(config: GatewayConfig): Place[] {
  const places = config.routes.flatMap((route) => {
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
    }
    return (match.host ?? [undefined]).flatMap((host) => match.path.map((path) => ({ host, path, ...shown })))
  })
  return places
    .sort(comparePrecedence)
    .map(({ host = null, path, methods, conditions, priority, name, target }) => ({
      host,
      path,
      methods,
      conditions: conditions.map(({ text }) => text),
      priority,
      route: name,
      target,
    }))
}

/** Columns that would be the same in all lines are left out. */
function lines(places: readonly Place[]): string[][] {
  const hasPriority = places.some(({ priority }) => priority !== 0)
  const hasConditions = places.some(({ conditions }) => conditions.length > 0)
  const line = (priority: string, common: readonly string[], conditions: string, end: readonly string[]) => [
    ...(hasPriority ? [priority] : []),
    ...common,
    ...(hasConditions ? [conditions] : []),
    ...end,
  ]
  const rows = places.map(({ host, path, methods, route, target, priority, conditions }) =>
    line(
      String(priority),
      [host ?? '*', path, methods.length === 0 ? '*' : methods.join(',')],
      conditions.join(' and '),
      [route, target],
    ),
  )
  return [line('PRIORITY', ['HOST', 'PATH', 'METHODS'], 'CONDITIONS', ['ROUTE', 'UPSTREAM']), ...rows]
}
