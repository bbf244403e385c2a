import { redactUrls } from '../settings/redact-text.ts'
import type { AdminAnswer, AdminChange, AdminOperation } from './endpoint.ts'

/** For the record: a call that was to change something. */
export interface AuditRecord {
  /** Its id in the description of the API. */
  readonly operation: string
  /** Without the query: the key of a rate limit may be a credential. */
  readonly path: string
  readonly author: string
  readonly status: number
  /** Undefined if it was refused. */
  readonly change: AdminChange | undefined
  /** Why it was refused. */
  readonly reason: string | undefined
}

/** The record of a call; undefined if it could change nothing, or somebody else keeps the record of it. */
export function recordOf(
  { method, path, description }: AdminOperation,
  params: Readonly<Record<string, string>>,
  author: string,
  { status, change, isRecorded, body }: AdminAnswer,
): AuditRecord | undefined {
  if (method === 'GET' || isRecorded === true) return undefined
  const named = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => redactUrls(params[name] ?? ''))
  const reason = status < 400 ? undefined : (JSON.parse(body) as { detail: string }).detail
  return { operation: description.id, path: named, author, status, change, reason }
}
