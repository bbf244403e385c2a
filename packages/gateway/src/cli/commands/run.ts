import { startSmall } from '../../engine-modes.ts'
import { type CliCommand, type CliValues, CONFIG_OPTION, EXIT } from '../command.ts'

export const run: CliCommand = {
  description:
    'Runs the gateway until SIGTERM or SIGINT (Ctrl-C): then it accepts no more, finishes the exchanges in flight ' +
    'within drain.timeout, and exits with 0. A second signal ends it at once. When the file changes, and on SIGHUP, it is ' +
    'read again and put in force without a request being lost; a file with mistakes changes nothing. The access log goes to stdout: one ' +
    'JSON object per line, short lines at a terminal; what the gateway itself has to say goes to stderr.',
  options: [
    CONFIG_OPTION,
    { flags: '--upstream <url>', about: 'instead of a file: send everything to this service' },
    { flags: '--listen <address>', about: 'with --upstream: where to listen (default: 127.0.0.1:8080)' },
    { flags: '--admin <address>', about: 'with --upstream: the admin endpoints (default: 127.0.0.1:9901)' },
  ],
  examples: [
    { command: 'headgate run', about: 'with the configuration in this folder' },
    { command: 'headgate run -c /etc/headgate.yaml', about: 'with another' },
    {
      command: 'headgate run --upstream http://127.0.0.1:3000',
      about: 'without any, in front of one service',
    },
  ],
  async run(values, terminal) {
    const misuse = misuseOf(values)
    if (misuse !== undefined) {
      terminal.err(`headgate: ${misuse}\n`)
      return EXIT.usage
    }
    startSmall()
    const { runGateway } = await import('../run-gateway.ts')
    return runGateway(values, terminal)
  },
}

/** What is wrong with the combination of options. */
function misuseOf({ config, upstream, listen, admin }: CliValues): string | undefined {
  if (config !== undefined && upstream !== undefined) return '--config and --upstream exclude each other'
  if (upstream !== undefined) return undefined
  if (listen !== undefined) return '--listen goes with --upstream; in a file, it is listeners[].address'
  return admin === undefined ? undefined : '--admin goes with --upstream; in a file, it is admin.address'
}
