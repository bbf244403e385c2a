import { countProblems } from '../../config/problems/first-findings.ts'
import { formatProblems } from '../../config/problems/format.ts'
import { resolveUpstreams } from '../../config/resolve/upstreams.ts'
import { type CliCommand, CONFIG_OPTION } from '../command.ts'
import { fileConfig } from '../config-source.ts'
import { counted } from '../counted.ts'
import { EXIT } from '../exit-code.ts'
import { printable } from '../../printable.ts'

export const check: CliCommand = {
  description:
    'Reads the configuration as "run" would, certificates included, and names every mistake with its place, ' +
    'the value and what is allowed there. Warns of routes that are never taken, and of those between which only their ' +
    'order decides. Binds nothing and connects to nothing. Exits with 78 if there is a mistake.',
  options: [CONFIG_OPTION],
  examples: [
    { command: 'headgate check', about: 'the configuration in this folder' },
    {
      command: 'headgate check -c /etc/headgate.yaml && systemctl restart headgate',
      about: 'before it counts',
    },
  ],
  async run(values, terminal) {
    const chosen = await fileConfig(values, terminal)
    if (!chosen.ok) return chosen.exitCode
    const { config, source, warnings } = chosen
    const warned = warnings()
    if (warned.length > 0) {
      const shown = formatProblems(warned, { color: terminal.errHasColor })
      terminal.errStyled(
        `${shown}
${printable(source)}: ${counted(countProblems(warned), 'warning')}
`,
      )
    }
    const parts = [
      counted(config.listeners.length, 'listener'),
      counted(config.routes.length, 'route'),
      counted(resolveUpstreams(config).size, 'upstream'),
    ]
    terminal.out(`${source}: ok (${parts.join(', ')})\n`)
    return EXIT.ok
  },
}
