import type { IncomingMessage } from 'node:http'
import { type AdminAnswer, type AdminChange, type AdminOperation, problem } from '../admin-api/operation.ts'
import { LARGEST_FILE, type Locate } from '../settings/read/positions.ts'
import { readJson } from '../settings/read/json.ts'
import { redactUrls } from '../settings/redact-text.ts'
import { type Access, denied } from './access.ts'

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

/** Performs an operation for whoever may have it performed, and keeps it on record. Never rejects. */
export async function call(
  request: IncomingMessage,
  called: Called,
  access: Access,
  record: (record: AuditRecord) => void,
): Promise<AdminAnswer> {
  const author = authorOf(request.headers, request.socket.remoteAddress)
  const answered = await perform(request, called, author, access).catch(failed)
  const toRecord = recordOf(called, author, answered)
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
  const { method, conditional, open } = operation
  const query = new URLSearchParams(url.split('?')[1] ?? '')
  if (open !== undefined) return operation.handle({ params, query, headers, body: undefined, author })
  const refused = denied(request, method !== 'GET', access)
  if (refused !== undefined) return refused
  const body = await readBody(request)
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

/** Enough for a configuration of 10,000 routes. */
const MOST = LARGEST_FILE

/** A body as JSON, with the places of what it holds, or the answer that says why it is not. */
type BodyResult = { readonly value: unknown; readonly locate?: Locate } | { readonly refused: AdminAnswer }

async function readBody(request: IncomingMessage): Promise<BodyResult> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MOST) return { refused: problem(413, 'Content too large', `at most ${MOST} bytes are read`) }
    chunks.push(chunk)
  }
  if (size === 0) return { value: undefined }
  if (!/^application\/(?:[\w.-]+\+)?json(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
    return { refused: problem(415, 'Unsupported media type', 'a body must be application/json') }
  }
  return fromJson(Buffer.concat(chunks))
}

/** As a file in JSON is read: a key that is there twice is no matter of taste, and `1.10` is not 1.1. */
function fromJson(bytes: Buffer): BodyResult {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { refused: problem(400, 'Bad request', 'the body is not in UTF-8') }
  }
  const { value, problems } = readJson(text)
  const [first] = problems
  if (value !== undefined && first === undefined) {
    const { input, locate } = value
    return { value: input, ...(locate !== undefined && { locate }) }
  }
  const { line, column, message, hint } = first ?? { message: 'it holds nothing' }
  const place = line === undefined ? '' : `line ${line}, column ${column}: `
  const advice = hint === undefined ? '' : `; ${hint}`
  return {
    refused: problem(400, 'Bad request', `the body cannot be read as JSON: ${place}${message}${advice}`),
  }
}
