import { randomUUID } from 'node:crypto'
import {
  type Body,
  type BodySource,
  EMPTY_BODY,
  ReplayBody,
  StreamBody,
  TrafficError,
  WholeBody,
} from '@headgate/core'
import { multipart } from './multipart.ts'
import { StreamChunks } from './stream-chunks.ts'

/** What may be sent as content. A function is called for each attempt, so that a stream can be sent again. */
export type BodyInput =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | FormData
  | URLSearchParams
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>
  | (() => ReadableStream<Uint8Array> | AsyncIterable<Uint8Array | string>)

/** Content, and the media type that follows from its kind. */
export interface RequestContent {
  readonly body: Body
  readonly contentType: string | undefined
}

export const NO_CONTENT: RequestContent = { body: EMPTY_BODY, contentType: undefined }

/** @throws TypeError if it is nothing that can be sent */
export function requestContent(input: BodyInput): RequestContent {
  if (typeof input === 'string') return text(input, 'text/plain;charset=UTF-8')
  if (input instanceof URLSearchParams)
    return text(input.toString(), 'application/x-www-form-urlencoded;charset=UTF-8')
  if (input instanceof ArrayBuffer) return bytes(new Uint8Array(input))
  if (ArrayBuffer.isView(input))
    return bytes(new Uint8Array(input.buffer, input.byteOffset, input.byteLength))
  if (input instanceof Blob) return blob(input, input.type === '' ? undefined : input.type)
  if (input instanceof FormData) return form(input)
  if (typeof input === 'function')
    return { body: new ReplayBody(() => streamOf(input())), contentType: undefined }
  if (isIterable(input)) return streamContent(input, undefined)
  const kind = input === null ? 'null' : typeof input
  throw new TypeError(
    `a body of type ${kind} cannot be sent: pass a string, bytes, Blob, FormData, URLSearchParams, a stream or a function that makes one; for JSON use the option json`,
  )
}

/** A stream, which can be sent once. @param length what its sender says that it is */
export function streamContent(input: Chunks, length: number | undefined): RequestContent {
  return { body: streamOf(input, length), contentType: undefined }
}

/** @throws TypeError as `JSON.stringify` does, or if the value has no JSON form */
export function jsonContent(value: unknown): RequestContent {
  let json: string | undefined
  try {
    json = JSON.stringify(value) as string | undefined
  } catch (cause) {
    // What follows the first line tells names out of the value.
    throw new TypeError(`json: the value has no JSON form: ${(cause as Error).message.split('\n', 1)[0]}`, {
      cause,
    })
  }
  if (json === undefined) throw new TypeError(`json: a value of type ${typeof value} has no JSON form`)
  return text(json, 'application/json')
}

function text(content: string, contentType: string): RequestContent {
  return { body: WholeBody.fromBytes(Buffer.from(content)), contentType }
}

function bytes(content: Uint8Array): RequestContent {
  return { body: WholeBody.fromBytes(content), contentType: undefined }
}

function blob(content: Blob, contentType: string | undefined): RequestContent {
  // A Blob can be read any number of times, so that it can be replayed.
  return { body: new ReplayBody(() => streamOf(content.stream(), content.size), content.size), contentType }
}

/** Encoded afresh for each attempt: the parts of a form can be read any number of times. */
function form(content: FormData): RequestContent {
  const { contentType, length, chunks } = multipart(content, randomUUID())
  return { body: new ReplayBody(() => streamOf(chunks(), length), length), contentType }
}

/** A body of a stream that is partly read. @param length what its sender says that it is */
export function streamBody(chunks: AsyncIterableIterator<Uint8Array>, length: number | undefined): Body {
  return new Pump(chunks, length).body
}

type Chunks = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array | string>

function isIterable(input: unknown): input is AsyncIterable<Uint8Array | string> {
  return typeof input === 'object' && input !== null && Symbol.asyncIterator in input
}

function streamOf(chunks: Chunks, length?: number): Body {
  if (!isIterable(chunks))
    throw new TypeError(
      `the function given as body has made ${chunks === null ? 'null' : `a value of type ${typeof chunks}`}: it is to make a stream or an async iterable`,
    )
  const iterator =
    chunks instanceof ReadableStream
      ? new StreamChunks(chunks.getReader())
      : (chunks as AsyncIterable<Uint8Array | string>)[Symbol.asyncIterator]()
  const pump = new Pump(iterator, length)
  return pump.body
}

/** Pulls chunks out of an iterator as fast as the body's sink takes them. */
class Pump implements BodySource {
  readonly body: StreamBody
  private readonly chunks: AsyncIterator<Uint8Array | string>
  private pulling = false
  private room = false
  private over = false

  constructor(chunks: AsyncIterator<Uint8Array | string>, length: number | undefined) {
    this.chunks = chunks
    this.body = new StreamBody(length, this)
  }

  resumeBody(): void {
    this.room = true
    if (!this.pulling) void this.pull()
  }

  cancelBody(error: TrafficError): void {
    this.over = true
    void this.stop(error)
  }

  private async stop(error: TrafficError): Promise<void> {
    // Whoever gave the call up has a reason, which is what the stream's owner is told (WHATWG Fetch 5.6, "abort fetch").
    const reason = error.code === 'cancelled' && error.cause !== undefined ? error.cause : error
    try {
      await this.chunks.return?.(reason)
    } catch {
      // What its owner throws when told to stop concerns nobody any more.
    }
  }

  private async pull(): Promise<void> {
    this.pulling = true
    try {
      while (this.room && !this.over) {
        const { done, value } = await this.chunks.next()
        if (this.over) return
        if (done === true) {
          this.over = true
          return this.body.end()
        }
        this.room = this.body.push(bytesOf(value))
      }
    } catch (thrown) {
      this.over = true
      const message = `the request body could not be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`
      this.body.fail(new TrafficError('internal', message, { phase: 'request-body', cause: thrown }))
    } finally {
      this.pulling = false
    }
  }
}

function bytesOf(chunk: unknown): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk)
  if (chunk instanceof Uint8Array) return chunk
  throw new TypeError(`it brought a chunk of type ${typeof chunk}: only Uint8Array and string can be sent`)
}
