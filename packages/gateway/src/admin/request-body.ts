import type { IncomingMessage } from 'node:http'
import { readJson } from '../settings/read/json.ts'
import type { Locate } from '../settings/read/positions.ts'
import { LARGEST_FILE } from '../settings/read/bounds.ts'
import { type AdminAnswer, problem } from './endpoint.ts'

/** Enough for a configuration of 10,000 routes. */
const MOST = LARGEST_FILE

/** A body as JSON, with the places of what it holds, or the answer that says why it is not. */
export type BodyResult =
  | { readonly value: unknown; readonly locate?: Locate }
  | { readonly refused: AdminAnswer }

export async function readBody(request: IncomingMessage): Promise<BodyResult> {
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
