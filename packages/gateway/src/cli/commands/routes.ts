import type { GatewayConfig } from '../../config/types/config.ts'
import { weightOf } from '../../routing/conditions/condition.ts'
import { conditionsOf } from '../../routing/conditions/conditions.ts'
import { comparePrecedence } from '../../routing/router/precedence.ts'
import { type CliCommand, CONFIG_OPTION } from '../command.ts'
import { fileConfig } from '../config-source.ts'
import { EXIT } from '../exit-code.ts'
import { targetName } from '../route-target.ts'
import { table } from '../table.ts'

export const routes: CliCommand = {
  description:
    'Prints a line for each host and path of each route. Of two lines that match the same request, the upper one ' +
    'takes it: the higher priority, then the more specific host, then the more specific path, then a named method, then ' +
    'more conditions, then the order in the file.',
  options: [CONFIG_OPTION],
  examples: [{ command: 'headgate routes -c headgate.yaml', about: 'the table of a file' }],
  async run(values, terminal) {
    const chosen = await fileConfig(values, terminal)
    if (!chosen.ok) return chosen.exitCode
    terminal.out(table(lines(chosen.config)))
    return EXIT.ok
  },
}

/** Columns that would be the same in all lines are left out. */
function lines(config: GatewayConfig): string[][] {
  const places = config.routes.flatMap((route) => {
    const { name, match, priority } = route
    const conditions = conditionsOf(match)
    const shown = { methods: match.methods ?? [], name, priority, conditions, target: targetName(route) }
    return (match.host ?? [undefined]).flatMap((host) => match.path.map((path) => ({ host, path, ...shown })))
  })
  const hasPriority = places.some(({ priority }) => priority !== 0)
  const hasConditions = places.some(({ conditions }) => conditions.length > 0)
  const line = (priority: string, common: readonly string[], conditions: string, end: readonly string[]) => [
    ...(hasPriority ? [priority] : []),
    ...common,
    ...(hasConditions ? [conditions] : []),
    ...end,
  ]
  const rows = places
    .map((each) => ({ ...each, weight: weightOf(each.conditions) }))
    .sort(comparePrecedence)
    .map(({ host, path, methods, name, target, priority, conditions }) => {
      const common = [host ?? '*', path, methods.length === 0 ? '*' : methods.join(',')]
      return line(String(priority), common, conditions.map(({ text }) => text).join(' and '), [name, target])
    })
  return [line('PRIORITY', ['HOST', 'PATH', 'METHODS'], 'CONDITIONS', ['ROUTE', 'UPSTREAM']), ...rows]
}
