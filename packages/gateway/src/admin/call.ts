import { ERROR_FACTS, type Exchange, type HeaderList, TrafficError } from '@headgate/core'
import { type AdminAnswer, type AdminChange, type AdminOperation, problem } from '../admin-api/operation.ts'
import { redactUrls } from '../settings/redact-text.ts'
import { type Access, denied } from './access.ts'
import { readBody } from './request-body.ts'

/** The operation that a path and method name, with what stands in the path; or the methods that there are. */
export type Looked =
  | ({ readonly kind: 'found' } & Called)
  | { readonly kind: 'other-method'; readonly methods: readonly string[] }
  | undefined

/** An operation, and what stands in the path for its parameters. */
interface Called {
  readonly operation: AdminOperation
  readonly params: Readonly<Record<string, string>>
}

/** HEAD is answered through GET. */
export function lookUp(operations: readonly AdminOperation[], method: string, path: string): Looked {
  const wanted = method === 'HEAD' ? 'GET' : method
  const here = operations.flatMap((operation) => {
    const params = match(operation.path, path)
    return params === undefined ? [] : [{ operation, params }]
  })
  const found = here.find(({ operation }) => operation.method === wanted)
  if (found !== undefined) return { kind: 'found', ...found }
  if (here.length === 0) return undefined
  const methods = here.flatMap(({ operation }) =>
    operation.method === 'GET' ? ['GET', 'HEAD'] : [operation.method],
  )
  return { kind: 'other-method', methods }
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const [expected, actual] = [pattern.split('/'), path.split('/')]
  if (expected.length !== actual.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of expected.entries()) {
    const value = actual[index] ?? ''
    const name = /^\{(\w+)\}$/.exec(part)?.[1]
    if (name === undefined) {
      if (part !== value) return undefined
      continue
    }
    try {
      params[name] = decodeURIComponent(value)
    } catch {
      return undefined
    }
  }
  return params
}

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

/**
 * Performs an operation for whoever may have it performed, and keeps it on record. Never rejects.
 * @param limit milliseconds for the body of the request
 */
export async function call(
  exchange: Exchange,
  called: Called,
  access: Access,
  limit: number,
  record: (record: AuditRecord) => void,
): Promise<AdminAnswer> {
  const author = authorOf(exchange)
  const answered = await perform(exchange, called, author, access, limit).catch(failed)
  const toRecord = recordOf(called, author, answered)
  if (toRecord !== undefined) record(toRecord)
  return answered
}

async function perform(
  exchange: Exchange,
  { operation, params }: Called,
  author: string,
  access: Access,
  limit: number,
): Promise<AdminAnswer> {
  const { request } = exchange
  const { headers } = request
  const { method, conditional, open } = operation
  const query = new URLSearchParams(request.query)
  if (open !== undefined) return operation.handle({ params, query, headers, body: undefined, author })
  const refused = denied(request, method !== 'GET', access)
  if (refused !== undefined) return refused
  const body = await readBody(exchange, limit)
  if ('refused' in body) return body.refused
  // A condition that nobody looks at would be one that holds.
  if (method !== 'GET' && conditional === undefined && isConditional(headers)) return unconditional
  const { value, locate } = body
  return operation.handle({ params, query, headers, body: value, author, ...(locate && { locate }) })
}

/** Undefined if it could change nothing, or somebody else keeps the record of it. */
function recordOf(
  { operation: { id, method, path }, params }: Called,
  author: string,
  { status, change, isRecorded, body }: AdminAnswer,
): AuditRecord | undefined {
  if (method === 'GET' || isRecorded === true) return undefined
  const named = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => redactUrls(params[name] ?? ''))
  const reason = status < 400 ? undefined : (JSON.parse(body) as { detail: string }).detail
  return { operation: id, path: named, author, status, change, reason }
}

function isConditional(headers: HeaderList): boolean {
  return (headers.get('if-match') ?? '*').trim() !== '*'
}

const unconditional = problem(
  412,
  'Precondition failed',
  'what this changes has no ETag: send it without If-Match',
)

/** An error: what is wrong with the request, or one that nobody expected. */
export function failed(error: unknown): AdminAnswer {
  if (error instanceof TrafficError && error.source === 'downstream') {
    const { status, title } = ERROR_FACTS[error.code]
    return problem(status, title, error.message)
  }
  return problem(500, 'Internal error', error instanceof Error ? error.message : String(error))
}

/** Who says to have sent it: for the record, not for access. */
function authorOf({ request, peer }: Exchange): string {
  // Through a unix socket there is no address.
  const address = peer.address || 'local'
  const claimed = request.headers.get('headgate-author') ?? ''
  const name = claimed.replace(/[^\x20-\x7e]/g, '').slice(0, 100)
  return name === '' ? address : `${name} (${address})`
}
