import type { AuditRecord } from '../admin/audit.ts'
import type { AdminChange } from '../admin/endpoint.ts'
import type { Log } from './log.ts'

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
