import type { GatewayConfig } from '../config/schema/schema.ts'
import { addressUrl, listenerUrl } from '../listen/listener-url.ts'
import type { BoundListener, StopReport, SupervisorEvent } from '../workers/supervisor.ts'
import { counted } from './counted.ts'
import type { Log } from './log.ts'
import { packageVersion } from '../package-version.ts'
import type { Serving } from './serve.ts'

/** What `headgate run` says, and nothing else does. */

export function logStart(
  log: Log,
  listeners: readonly BoundListener[],
  serving: Serving,
  source: string,
): void {
  const { supervisor, adminAddress, versionsDirectory } = serving
  for (const { config, port } of listeners) {
    const url = listenerUrl(config, port)
    log.info(`listening on ${url}`, { url })
  }
  if (adminAddress !== undefined) {
    const url = addressUrl('http', adminAddress)
    log.info(`admin on ${url}`, { admin: url })
  }
  if (versionsDirectory !== undefined)
    log.info(`versions of the configuration are kept in ${versionsDirectory}`, {
      versions: versionsDirectory,
    })
  const workers = supervisor.slots.length
  const routes = supervisor.config.routes.length
  const version = packageVersion()
  const facts = { version, workers, routes, source }
  log.info(
    `ready: version ${version}, ${counted(workers, 'worker')}, ${counted(routes, 'route')}, from ${source}`,
    facts,
  )
}

export function logEvent(log: Log, event: SupervisorEvent): void {
  switch (event.type) {
    case 'notice':
      log.warn(event.message)
      break
    case 'geo': {
      const { message, applied, path } = event
      if (applied) log.info(message, { database: path })
      else log.error(message, { database: path })
      break
    }
    case 'crashed': {
      const { worker, error, wait } = event
      const when = wait === 0 ? 'at once' : `in ${wait / 1000} s`
      log.error(`worker ${worker} crashed and is replaced ${when}: ${error.stack ?? error.message}`, {
        worker,
        wait,
      })
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
  if (cut > 0)
    log.warn(`${counted(cut, 'connection')} cut off, with exchanges that did not end within drain.timeout`, {
      cut,
    })
  if (lost > 0)
    log.warn(`${counted(lost, 'worker')} did not end properly, and what it was at is lost`, { lost })
  log.info('stopped')
}
