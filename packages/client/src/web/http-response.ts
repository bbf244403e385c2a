import { type Body, bodyFrom, EMPTY_BODY, HeaderList, HttpResponse, WholeBody } from '@headgate/core'
import { requestContent, streamBody } from '../request-body.ts'
import { type Read, StreamChunks } from '../stream-chunks.ts'
import { answerParts } from './web-answer.ts'

/** Also one of another copy of the class, as npm's undici has. */
export function isResponse(value: unknown): value is Response {
  return value instanceof Response || Object.prototype.toString.call(value) === '[object Response]'
}

/**
 * What a response of the web platform is to the engine.
 * @param name of what has made it, as the begin of a sentence
 * @throws TypeError if it is no response, a network error, or was read already
 */
export function httpResponse(response: unknown, name: string): HttpResponse | Promise<HttpResponse> {
  const parts = answerParts(response)
  if (parts !== undefined) return message(parts.status, parts.fields, bodyFrom(parts.text))
  if (!isResponse(response)) throw new TypeError(`${name} has made no Response, but ${kindOf(response)}`)
  const { status, headers, body } = response
  if (status < 200) throw new TypeError(`${name} has made a network error, not a response`)
  if (response.bodyUsed || body?.locked === true)
    throw new TypeError(`${name} has made a response whose content was read already`)
  if (body === null) return named(message(status, headers, EMPTY_BODY), response)
  // One of another copy of the class has another class of streams.
  if (!(body instanceof ReadableStream))
    return named(message(status, headers, requestContent(body).body), response)
  const length = lengthOf(headers)
  return contentOf(body, length).then((content) => named(message(status, headers, content), response))
}

function message(status: number, fields: Iterable<readonly [string, string]>, body: Body): HttpResponse {
  return new HttpResponse(status, HeaderList.of(fields), body)
}

function named(made: HttpResponse, { statusText }: Response): HttpResponse {
  if (statusText !== '') made.reason = statusText
  return made
}

/** How often a stream may answer in the turn in which it is asked before it counts as one that goes on. */
const QUICK_READS = 8

/**
 * The content of a response. Most responses are made of a text: their stream has all of it at once, and such content is sent with its
 * length. A stream that waits for something is not waited for.
 */
async function contentOf(stream: ReadableStream<Uint8Array>, length: number | undefined): Promise<Body> {
  const reader = stream.getReader()
  const ahead: Uint8Array[] = []
  for (let reads = 0; reads < QUICK_READS; reads++) {
    const pending = reader.read()
    // oxlint-disable-next-line no-await-in-loop -- one chunk after the other
    const read = await atOnce(pending)
    if (read === undefined) return streamBody(new StreamChunks(reader, ahead, pending), length)
    if (read.done) return ahead.length === 0 ? EMPTY_BODY : WholeBody.fromBytes(joined(ahead))
    ahead.push(read.value)
  }
  return streamBody(new StreamChunks(reader, ahead), length)
}

/** How many turns of the queue of promises a stream that has its content takes, and some more. */
const TURNS = 4

/** What a promise resolves with if it does so before anything else happens; undefined otherwise. Rejects where it does by then. */
async function atOnce(pending: Promise<Read>): Promise<Read | undefined> {
  const settled: { read?: Read; failed?: boolean } = {}
  pending.then(
    (read) => {
      settled.read = read
    },
    () => {
      settled.failed = true
    },
  )
  for (let turn = 0; turn < TURNS; turn++) {
    // oxlint-disable-next-line no-await-in-loop -- turns follow each other
    await Promise.resolve()
    if (settled.read !== undefined || settled.failed === true) return pending
  }
  return undefined
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
}

function lengthOf(headers: Headers): number | undefined {
  const written = headers.get('content-length')
  return written !== null && /^\d{1,15}$/.test(written) ? Number(written) : undefined
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return typeof value
}
