import { type Body, type Clock, type Exchange, TrafficError } from '@headgate/core'
import { type AdminAnswer, problem } from '../admin-api/operation.ts'
import { readJson } from '../settings/read/json.ts'
import { LARGEST_FILE, type Locate } from '../settings/read/positions.ts'

/** Enough for a configuration of 10,000 routes. */
const MOST = LARGEST_FILE

/** A body as JSON, with the places of what it holds, or the answer that says why it is not. */
export type BodyResult =
  | { readonly value: unknown; readonly locate?: Locate }
  | { readonly refused: AdminAnswer }

/**
 * Reads the body of a request.
 * @param limit milliseconds for all of it, however steadily it comes
 * @throws TrafficError if it is too large, comes too slowly, or breaks
 */
export async function readBody({ request, clock }: Exchange, limit: number): Promise<BodyResult> {
  const bytes = await bytesOf(request.body, clock, limit)
  if (bytes.length === 0) return { value: undefined }
  if (!/^application\/(?:[\w.-]+\+)?json(?:;|$)/i.test(request.headers.get('content-type') ?? '')) {
    return { refused: problem(415, 'Unsupported media type', 'a body must be application/json') }
  }
  return fromJson(bytes)
}

function bytesOf(body: Body, clock: Clock, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let size = 0
    const giveUp = (error: TrafficError): void => {
      timer.disarm()
      body.cancel(error)
      reject(error)
    }
    const timer = clock.timer(() =>
      giveUp(new TrafficError('request_timeout', `the body did not come within ${limit} ms`)),
    )
    const tooLarge = (): void =>
      giveUp(new TrafficError('request_body_too_large', `at most ${MOST} bytes are read`))
    if ((body.length ?? 0) > MOST) return tooLarge()
    timer.arm(limit)
    body.flowTo({
      write(chunk) {
        size += chunk.byteLength
        if (size > MOST) tooLarge()
        else chunks.push(chunk)
        return true
      },
      end() {
        timer.disarm()
        resolve(Buffer.concat(chunks))
      },
      fail(error) {
        timer.disarm()
        reject(error)
      },
    })
  })
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
