import { systemClock } from '@headgate/core'
import { StartError } from '../../workers/start-failure.ts'
import type { StopReport } from '../../workers/supervisor.ts'
import { logCall } from '../audit-log.ts'
import { logChange } from '../change-log.ts'
import { type CliCommand, type CliValues, CONFIG_OPTION } from '../command.ts'
import { fileConfig, upstreamConfig } from '../config-source.ts'
import { EXIT } from '../exit-code.ts'
import { type Log, makeLog } from '../log.ts'
import { logDraining, logEvent, logStart, logStopped } from '../run-log.ts'
import { Serving } from '../serve.ts'
import { onStopSignals } from '../signals.ts'
import { startAdvice } from '../start-advice.ts'

export const run: CliCommand = {
  name: 'run',
  summary: 'run the gateway',
  description:
    'Runs the gateway until SIGTERM or SIGINT (Ctrl-C): then it accepts no more, finishes the exchanges in flight ' +
    'within drain.timeout, and exits with 0. A second signal ends it at once. When the file changes, and on SIGHUP, it is ' +
    'read again and put in force without a request being lost; a file with mistakes changes nothing. The access log goes to stdout, one ' +
    'JSON object per line; what the gateway itself has to say goes to stderr.',
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
    const { upstream } = values
    const misuse = misuseOf(values)
    if (misuse !== undefined) {
      terminal.err(`headgate: ${misuse}\n`)
      return EXIT.usage
    }
    const chosen =
      upstream === undefined ? await fileConfig(values, terminal) : upstreamConfig(upstream, values, terminal)
    if (!chosen.ok) return chosen.exitCode
    const log = makeLog(terminal)
    const serving = new Serving(chosen, {
      event: (event) => logEvent(log, event),
      changed: (order, outcome) => logChange(log, order, outcome),
      called: (record) => logCall(log, record),
    })
    return runUntilSignal(serving, chosen.source, log)
  },
}

/** What is wrong with the combination of options. */
function misuseOf({ config, upstream, listen, admin }: CliValues): string | undefined {
  if (config !== undefined && upstream !== undefined) return '--config and --upstream exclude each other'
  if (upstream !== undefined) return undefined
  if (listen !== undefined) return '--listen goes with --upstream; in a file, it is listeners[].address'
  return admin === undefined ? undefined : '--admin goes with --upstream; in a file, it is admin.address'
}

async function runUntilSignal(serving: Serving, source: string, log: Log): Promise<number> {
  const stopped = Promise.withResolvers<StopReport>()
  let stopping = false
  onStopSignals(
    systemClock,
    (signal) => {
      stopping = true
      logDraining(log, signal, serving.supervisor.config)
      serving.stop().then(stopped.resolve, stopped.reject)
    },
    (exitCode) => process.exit(exitCode),
  )
  process.on('SIGHUP', () => serving.reload())
  try {
    logStart(log, await serving.start(), serving, source)
  } catch (error) {
    // Stopped while it started.
    if (stopping) return EXIT.ok
    if (!(error instanceof StartError)) throw error
    log.error(startAdvice(error.failure), { failure: error.failure })
    return EXIT.failed
  }
  logStopped(log, await stopped.promise)
  return EXIT.ok
}
