import type { GatewayConfig } from '../config/config.ts'
import { comparePrecedence } from '../routing/precedence.ts'
import { type CliCommand, CONFIG_OPTION } from './command.ts'
import { fileConfig } from './config-source.ts'
import { EXIT } from './exit-code.ts'

export const routes: CliCommand = {
  name: 'routes',
  summary: 'print the route table, in the order in which routes are tried',
  description:
    'Prints a line for each host and path of each route. Of two lines that match the same request, the upper one ' +
    'takes it: the more specific host, then the more specific path, then a named method, then the order in the file.',
  options: [CONFIG_OPTION],
  examples: [{ command: 'headgate routes -c headgate.yaml', about: 'the table of a file' }],
  async run(values, terminal) {
    const chosen = await fileConfig(values, terminal)
    if (!chosen.ok) return chosen.exitCode
    terminal.out(table([['HOST', 'PATH', 'METHODS', 'ROUTE', 'UPSTREAM'], ...rows(chosen.config)]))
    return EXIT.ok
  },
}

function rows(config: GatewayConfig): string[][] {
  const places = config.routes.flatMap(({ name, match, upstream }) =>
    (match.host ?? [undefined]).flatMap((host) =>
      match.path.map((path) => ({ host, path, methods: match.methods ?? [], name, upstream })),
    ),
  )
  return places
    .sort(comparePrecedence)
    .map(({ host, path, methods, name, upstream }) => [
      host ?? '*',
      path,
      methods.length === 0 ? '*' : methods.join(','),
      name,
      upstream,
    ])
}

function table(lines: readonly (readonly string[])[]): string {
  const columns = lines[0] ?? []
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
