import { type Body, type HttpResponse, REASON_PHRASES } from '@headgate/core'
import { Readable } from 'node:stream'
import { bodyStream } from './body-stream.ts'
import { parseJson } from './content.ts'
import { readOctets, readText } from './read-body.ts'
import type { StandardSchema } from './standard-schema.ts'

/** What a response is made of, beside what the wire brought. */
export interface ResponseFacts {
  /** Where it came from, after redirects. */
  readonly url: string
  readonly redirected: boolean
  /** Tries that it took. */
  readonly attempts: number
  /** The most octets that `json()`, `text()` and their like hold. */
  readonly limit: number
}

/**
 * A response with all that WHATWG Fetch gives one, which passes for one (`instanceof Response`), without what the platform's
 * own costs: headers and streams are made when they are asked for. Measured at small JSON, the platform's takes 9 µs, this 1.
 */
export class ClientResponse {
  readonly status: number
  readonly url: string
  readonly redirected: boolean
  readonly attempts: number
  private readonly message: HttpResponse
  private readonly limit: number
  private content: Body
  private fields: Headers | undefined
  private stream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined
  private read = false

  constructor(message: HttpResponse, facts: ResponseFacts) {
    this.status = message.status
    this.url = facts.url
    this.redirected = facts.redirected
    this.attempts = facts.attempts
    this.message = message
    this.limit = facts.limit
    this.content = message.body
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300
  }

  get statusText(): string {
    return REASON_PHRASES[this.status] ?? ''
  }

  get type(): Response['type'] {
    return 'default'
  }

  get headers(): Headers {
    if (this.fields === undefined) {
      this.fields = new Headers()
      for (const { name, value } of this.message.headers) this.fields.append(name, value)
    }
    return this.fields
  }

  /** One header field, without making `headers`; undefined if there is none. `name` in any case. */
  header(name: string): string | undefined {
    return this.message.headers.get(name.toLowerCase())
  }

  /** The content as it comes; null if there is none. */
  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    if (this.stream === undefined && this.content.whole?.length === 0) return null
    this.stream ??= bodyStream(this.content)
    return this.stream
  }

  get bodyUsed(): boolean {
    return this.read || (this.stream !== undefined && isDisturbed(this.stream))
  }

  text(): Promise<string> {
    return this.take(
      (body) => readText(body, this.limit),
      (response) => response.text(),
    )
  }

  /**
   * The content as JSON, checked and typed by a schema if one is given.
   * @throws TrafficError `invalid_content` if it is not JSON, or not what the schema says
   */
  json(): Promise<unknown>
  json<Output>(schema: StandardSchema<unknown, Output>): Promise<Output>
  json(schema?: StandardSchema<unknown, unknown>): Promise<unknown> {
    return this.text().then((text) => parseJson(text, this.url, schema))
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const octets = await this.bytes()
    if (octets.byteLength === octets.buffer.byteLength) return octets.buffer
    return octets.buffer.slice(octets.byteOffset, octets.byteOffset + octets.byteLength)
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.take(
      (body) => readOctets(body, this.limit).then((octets) => new Uint8Array(octets)),
      (response) => response.arrayBuffer().then((buffer) => new Uint8Array(buffer)),
    )
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.bytes()], { type: this.header('content-type') ?? '' })
  }

  async formData(): Promise<FormData> {
    const type = this.header('content-type') ?? ''
    return new Response(await this.bytes(), { headers: { 'content-type': type } }).formData()
  }

  /** @throws TypeError if the content was read already */
  clone(): ClientResponse {
    if (this.bodyUsed) throw alreadyRead()
    const { url, redirected, attempts, limit } = this
    const copy = new ClientResponse(this.message, { url, redirected, attempts, limit })
    if (this.content.whole === undefined) {
      const [one, other] = this.body?.tee() ?? []
      this.stream = one
      copy.stream = other
    }
    return copy
  }

  /** Gives the rest of the content up: its connection may be closed. */
  async discard(): Promise<void> {
    if (!this.bodyUsed) await this.body?.cancel()
  }

  /** Reads the content once: straight from the engine, or from the stream if somebody has asked for that. */
  private take<T>(
    direct: (body: Body) => Promise<T>,
    streamed: (response: Response) => Promise<T>,
  ): Promise<T> {
    if (this.bodyUsed) return Promise.reject(alreadyRead())
    this.read = true
    return this.stream === undefined ? direct(this.content) : streamed(new Response(this.stream))
  }
}

Object.setPrototypeOf(ClientResponse.prototype, Response.prototype)

function isDisturbed(stream: ReadableStream): boolean {
  return stream.locked || Readable.isDisturbed(stream as unknown as Readable)
}

function alreadyRead(): TypeError {
  return new TypeError('the body was read already: it can be read once; clone() the response before')
}
