import type { AdminChange } from '../admin-api/operation.ts'
import type { AuditRecord } from '../admin/call.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { Refusal } from '../features/refusals.ts'
import { addressUrl, listenerUrl } from '../listen/listener-set.ts'
import { packageVersion } from '../package-version.ts'
import { countProblems } from '../settings/problems/place.ts'
import { formatProblems } from '../settings/problems/format.ts'
import { type ChangeOrder, type ChangeOutcome, short } from '../versions/outcome.ts'
import type { StartFailure } from '../workers/start-failure.ts'
import type { StopReport, SupervisorEvent } from '../workers/supervisor.ts'
import { counted } from './command.ts'
import type { Log } from './log.ts'
import type { Serving } from './serve.ts'
import type { BoundListener } from '../workers/start-slots.ts'

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
    case 'warmed':
      if (event.wasWell) log.info(event.message)
      else log.error(event.message)
      break
    case 'geo': {
      const { message, applied, path } = event
      if (applied) log.info(message, { database: path })
      else log.error(message, { database: path })
      break
    }
    case 'certificate': {
      const { message, applied, path } = event
      if (applied) log.info(message, { certificate: path })
      else log.error(message, { certificate: path })
      break
    }
    case 'refusal': {
      logRefusal(log, event.refusal)
      break
    }
    case 'log': {
      const { level, message, facts } = event.entry
      log[level](message, facts)
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

/** The record of who was not let in: one line each, as many as the threads tell. */
function logRefusal(log: Log, { by, route, client, reason, ...others }: Refusal): void {
  const { untold } = others
  const more = untold === 0 ? '' : ` (and ${untold} more, which were too many to be told)`
  log.warn(`refused by ${by}: ${client} on route ${route}: ${reason}${more}`, {
    audit: 'access',
    by,
    route,
    client,
    reason,
    ...others,
  })
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

/** How many mistakes an entry of the log names. */
const MOST = 100

/** The record of each change of the configuration, and of each that was refused: one line, whoever wanted it. */
export function logChange(log: Log, { origin, author }: ChangeOrder, outcome: ChangeOutcome): void {
  const facts = { audit: 'configuration', origin, author, outcome: outcome.kind }
  const by = author === undefined ? origin : `${origin}, ${author}`
  switch (outcome.kind) {
    case 'applied': {
      const { version, summary, changes } = outcome
      const { restart } = changes
      const message = `configuration: version ${version.id} is in force (${by}): ${summary}`
      const all = { ...facts, version: version.id, hash: version.hash }
      if (restart.length > 0) log.warn(message, { ...all, restart })
      else log.info(message, all)
      break
    }
    case 'unchanged':
      log.info(`configuration: nothing has changed (${by})`, { ...facts, version: outcome.version.id })
      break
    case 'invalid': {
      const { problems } = outcome
      const shown = problems
        .slice(0, MOST)
        .map((each) => ({ ...each, message: short(each.message), path: short(each.path) }))
      const more = problems.length > MOST ? `\nand ${problems.length - MOST} more` : ''
      log.error(
        `configuration: refused, the one before stays in force (${by}):\n${formatProblems(shown, { color: false })}${more}`,
        { ...facts, mistakes: countProblems(problems) },
      )
      break
    }
    case 'failed':
      log.error(
        `configuration: not applied, the one before stays in force (${by}): ${startAdvice(outcome.failure, '')}`,
        { ...facts, failure: outcome.failure },
      )
      break
    case 'conflict':
      log.warn(`configuration: not applied (${by}): version ${outcome.version.id} came first`, facts)
      break
    case 'unknown-version':
      log.warn(`configuration: not applied (${by}): there is no such version`, facts)
      break
    case 'possible':
      break
  }
}

/** The record of a call of the admin API: one line, whether it changed something or was refused. */
export function logCall(log: Log, { operation, path, author, status, change, reason }: AuditRecord): void {
  const facts = { audit: 'state', operation, path, author, status, ...change }
  if (reason !== undefined) log.warn(`admin: ${operation} of ${path} refused (${author}): ${reason}`, facts)
  else
    log.info(
      `admin: ${change === undefined ? `${operation} of ${path}` : changed(change)} (${author})`,
      facts,
    )
}

function changed({ what, before = {}, after = {} }: AdminChange): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const changes = names
    .map((name) => ({ name, from: shown(before[name]), to: shown(after[name]) }))
    .filter(({ from, to }) => from !== to)
    .map(({ name, from, to }) => `${name} ${from} -> ${to}`)
  if (names.length === 0) return what
  return `${what}: ${changes.length === 0 ? 'as it was' : changes.join(', ')}`
}

function shown(value: unknown): string {
  if (value === undefined) return 'none'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/**
 * Why the gateway did not start and what to do about it, for whoever started it.
 * @param what begins the sentence where there is nothing better to say
 */
export function startAdvice(failure: StartFailure, what: string = 'cannot start: '): string {
  if (failure.syscall === 'open') {
    const why = failure.code === 'ENXIO' ? 'it is a socket, or a pipe that nobody reads' : failure.message
    return `cannot open ${failure.path}: ${why}`
  }
  if (failure.address === undefined) return `${what}${failure.message}`
  const place = placeOf(failure)
  return `cannot listen on ${place}: ${reason(failure)}`
}

function reason({ code, port, message }: StartFailure): string {
  switch (code) {
    case 'EADDRINUSE':
      return port === undefined
        ? 'another process answers there. Stop that one, or choose another path'
        : `another process has that port ("ss -ltnp sport = :${port}" shows which). Stop that one, or choose another port`
    case 'EACCES':
    case 'EPERM':
      return port === undefined
        ? 'this user may not create a file there. Choose another folder, or give the user access to this one'
        : 'this user may not use that port. Choose one from 1024 on, or allow it: AmbientCapabilities=CAP_NET_BIND_SERVICE in a systemd unit, --sysctl net.ipv4.ip_unprivileged_port_start=0 in Docker'
    case 'EADDRNOTAVAIL':
      return 'this machine does not have that address ("ip addr" shows those it has)'
    case 'EAFNOSUPPORT':
      return 'this machine does not speak that version of IP. Write 0.0.0.0 for every IPv4 address'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'that name has no address. Write an IP address'
    case 'ENOENT':
      return 'there is no such folder'
    default:
      return message
  }
}

function placeOf({ address = '', port }: StartFailure): string {
  if (port === undefined || port < 0) return `unix:${address}`
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
