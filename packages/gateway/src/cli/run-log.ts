import type { GatewayConfig } from '../config/config.ts'
import { addressUrl, listenerUrl } from '../listener-url.ts'
import type { BoundListener, StopReport, SupervisorEvent } from '../workers/supervisor.ts'
import type { Log } from './log.ts'
import { packageVersion } from './package-version.ts'
import type { Serving } from './serve.ts'

/** What `headgate run` says, and nothing else does. */

export function logStart(log: Log, listeners: readonly BoundListener[], serving: Serving, source: string): void {
  const { supervisor, adminAddress } = serving
  for (const { config, port } of listeners) {
    const url = listenerUrl(config, port)
    log.info(`listening on ${url}`, { url })
  }
  if (adminAddress !== undefined) {
    const url = addressUrl('http', adminAddress)
    log.info(`admin on ${url}`, { admin: url })
  }
  const workers = supervisor.slots.length
  const routes = supervisor.config.routes.length
  const version = packageVersion()
  log.info(`ready: version ${version}, ${workers} workers, ${routes} routes, from ${source}`, {
    ...{ version, workers, routes, source },
  })
}

export function logEvent(log: Log, event: SupervisorEvent): void {
  switch (event.type) {
    case 'notice':
      log.warn(event.message)
      break
    case 'crashed': {
      const { worker, error, wait } = event
      const when = wait === 0 ? 'at once' : `in ${wait / 1000} s`
      log.error(`worker ${worker} crashed and is replaced ${when}: ${error.stack ?? error.message}`, { worker, wait })
      break
    }
    case 'replaced':
      log.info(`worker ${event.worker} is replaced and listens`, { worker: event.worker })
      break
  }
}

export function logDraining(log: Log, signal: string, { drain }: GatewayConfig): void {
  log.info(`${signal}: draining for up to ${drain.timeout / 1000} s; once more to stop at once`, { signal })
}

export function logStopped(log: Log, { cut, lost }: StopReport): void {
  if (cut > 0) log.warn(`${cut} connections were cut off: their exchanges did not end within drain.timeout`, { cut })
  if (lost > 0) log.warn(`${lost} workers did not end by themselves and were ended`, { lost })
  log.info('stopped')
}
