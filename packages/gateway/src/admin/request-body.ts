import type { IncomingMessage } from 'node:http'
import { type AdminAnswer, problem } from './endpoint.ts'

/** Enough for a configuration of 10,000 routes. */
const MOST = 32 * 1024 * 1024

/** A body as JSON, or the answer that says why it is not. */
export type BodyResult = { readonly value: unknown } | { readonly refused: AdminAnswer }

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
  try {
    return { value: JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown }
  } catch {
    return { refused: problem(400, 'Bad request', 'the body is not JSON') }
  }
}
