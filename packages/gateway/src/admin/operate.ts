import type { IncomingMessage } from 'node:http'
import { type Access, denied } from './access.ts'
import { type AuditRecord, recordOf } from './audit.ts'
import { type AdminAnswer, type AdminOperation, problem } from './endpoint.ts'
import { readBody } from './request-body.ts'

/** An operation, and what stands in the path for its parameters. */
export interface Called {
  readonly operation: AdminOperation
  readonly params: Record<string, string>
}

/** Performs an operation for whoever may have it performed, and keeps it on record. Never rejects. */
export async function operate(
  request: IncomingMessage,
  called: Called,
  access: Access,
  record: (record: AuditRecord) => void,
): Promise<AdminAnswer> {
  const author = authorOf(request.headers, request.socket.remoteAddress)
  const answered = await perform(request, called, author, access).catch(failed)
  const toRecord = recordOf(called.operation, called.params, author, answered)
  if (toRecord !== undefined) record(toRecord)
  return answered
}

async function perform(
  request: IncomingMessage,
  { operation, params }: Called,
  author: string,
  access: Access,
): Promise<AdminAnswer> {
  const { headers, url = '' } = request
  const { method, description } = operation
  const refused = denied(request, method !== 'GET', access)
  if (refused !== undefined) return refused
  const body = await readBody(request)
  if ('refused' in body) return body.refused
  // A condition that nobody looks at would be one that holds.
  if (method !== 'GET' && description.conditional === undefined && isConditional(headers))
    return unconditional
  const query = new URLSearchParams(url.split('?')[1] ?? '')
  const { value, locate } = body
  return operation.handle({ params, query, headers, body: value, author, ...(locate && { locate }) })
}

function isConditional({ 'if-match': match = '*' }: IncomingMessage['headers']): boolean {
  return match.trim() !== '*'
}

const unconditional = problem(
  412,
  'Precondition failed',
  'what this changes has no ETag: send it without If-Match',
)

/** An error that nobody expected. */
export function failed(error: unknown): AdminAnswer {
  return problem(500, 'Internal error', error instanceof Error ? error.message : String(error))
}

/** Who says to have sent it: for the record, not for access. */
function authorOf(headers: IncomingMessage['headers'], address = 'local'): string {
  const claimed = headers['headgate-author']
  const name = typeof claimed === 'string' ? claimed.replace(/[^\x20-\x7e]/g, '').slice(0, 100) : ''
  return name === '' ? address : `${name} (${address})`
}
