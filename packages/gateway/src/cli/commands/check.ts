import { loadConfig } from '../../config/load.ts'
import { countProblems } from '../../settings/problems/place.ts'
import { formatProblems } from '../../settings/problems/format.ts'
import { resolveUpstreams } from '../../config/upstreams.ts'
import type { GatewayConfig } from '../../config/schema/schema.ts'
import { printable } from '../../printable.ts'
import { type CliCommand, type CliValues, CONFIG_OPTION, counted, EXIT, JSON_OPTION } from '../command.ts'
import { configFile, fileConfig } from '../config-source.ts'
import type { Terminal } from '../terminal.ts'

export const check: CliCommand = {
  description:
    'Reads the configuration as "run" would, certificates included, and names every mistake with its place, ' +
    'the value and what is allowed there. Warns of routes that are never taken, and of those between which only their ' +
    'order decides. Binds nothing and connects to nothing. Exits with 78 if there is a mistake.',
  options: [CONFIG_OPTION, JSON_OPTION],
  examples: [
    { command: 'headgate check', about: 'the configuration in this folder' },
    {
      command: 'headgate check -c /etc/headgate.yaml && systemctl restart headgate',
      about: 'before it counts',
    },
  ],
  async run(values, terminal) {
    if (values['json'] !== undefined) return checkForProgram(values, terminal)
    const chosen = await fileConfig(values, terminal)
    if (!chosen.ok) return chosen.exitCode
    const { config, source, warnings } = chosen
    const warned = warnings()
    if (warned.length > 0) {
      const shown = formatProblems(warned, { color: terminal.errHasColor })
      terminal.errStyled(
        `${shown}
${printable(source.name)}: ${counted(countProblems(warned), 'warning')}
`,
      )
    }
    const { listeners, routes, upstreams } = sizeOf(config)
    const parts = [counted(listeners, 'listener'), counted(routes, 'route'), counted(upstreams, 'upstream')]
    terminal.out(`${source.name}: ok (${parts.join(', ')})\n`)
    return EXIT.ok
  },
}

/** The same as one JSON document. */
async function checkForProgram(values: CliValues, terminal: Terminal): Promise<number> {
  const file = await configFile(values, terminal)
  if (file === undefined) return EXIT.configuration
  const result = await loadConfig(file, true)
  const found = result.ok
    ? { ok: true, file, problems: [], warnings: result.warnings(), ...sizeOf(result.config) }
    : { ok: false, file, problems: result.problems, warnings: [] }
  terminal.out(`${JSON.stringify(found, null, 2)}\n`)
  return result.ok ? EXIT.ok : EXIT.configuration
}

function sizeOf(config: GatewayConfig): { listeners: number; routes: number; upstreams: number } {
  const { listeners, routes } = config
  return { listeners: listeners.length, routes: routes.length, upstreams: resolveUpstreams(config).size }
}
