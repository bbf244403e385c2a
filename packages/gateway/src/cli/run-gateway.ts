import { systemClock } from '@headgate/core'
import { serveFast } from '../engine-modes.ts'
import { StartError } from '../workers/start-failure.ts'
import type { StopReport } from '../workers/supervisor.ts'
import { logCall } from './audit-log.ts'
import { logChange } from './change-log.ts'
import type { CliValues } from './command.ts'
import { fileConfig, upstreamConfig } from './config-source.ts'
import { EXIT } from './exit-code.ts'
import { type Log, makeLog } from './log.ts'
import { logDraining, logEvent, logStart, logStopped } from './run-log.ts'
import { Serving } from './serve.ts'
import { onStopSignals } from './signals.ts'
import { startAdvice } from './start-advice.ts'
import type { Terminal } from './terminal.ts'

/** What `headgate run` does: serves until a signal, and returns the exit code. */
export async function runGateway(values: CliValues, terminal: Terminal): Promise<number> {
  const { upstream } = values
  const chosen =
    upstream === undefined ? await fileConfig(values, terminal) : upstreamConfig(upstream, values, terminal)
  if (!chosen.ok) return chosen.exitCode
  const log = await makeLog(terminal)
  const serving = new Serving(chosen, {
    event: (event) => logEvent(log, event),
    changed: (order, outcome) => logChange(log, order, outcome),
    called: (record) => logCall(log, record),
  })
  return runUntilSignal(serving, chosen.source, log)
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
    serveFast()
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
