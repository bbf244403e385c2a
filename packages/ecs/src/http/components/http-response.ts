import { inspect } from 'node:util'
import type { CacheOutcome, CallTimings, ClientResponse } from '@headgate/client'
import { component, type Component } from '../../port/component.ts'
import { shownUrl } from '../shown-url.ts'

const DECODER = new TextDecoder()

/** A response whose content is here, to be read without waiting. */
export class ReceivedResponse<Value = unknown> {
  /** The content; empty for one that came in chunks or was checked by a schema. */
  readonly bytes: Uint8Array
  /** What the request's schema has made of the content; undefined without one. */
  readonly value: Value
  readonly status: number
  /** Milliseconds from when it was handed to the client until all of it was here. */
  readonly duration: number
  readonly #response: ClientResponse

  constructor(response: ClientResponse, bytes: Uint8Array, value: Value, duration: number) {
    this.#response = response
    this.status = response.status
    this.bytes = bytes
    this.value = value
    this.duration = duration
  }

  get statusText(): string {
    return this.#response.statusText
  }

  /** Whether the status is one of success. */
  get ok(): boolean {
    return this.#response.ok
  }

  /** Where it came from, after redirects. */
  get url(): string {
    return this.#response.url
  }

  get redirected(): boolean {
    return this.#response.redirected
  }

  get headers(): Headers {
    return this.#response.headers
  }

  /** One header field; undefined if there is none. `name` in any case. */
  header(name: string): string | undefined {
    return this.#response.header(name)
  }

  /** Tries that it took. */
  get attempts(): number {
    return this.#response.attempts
  }

  /** What the client's cache has done; undefined where there is none. */
  get cacheStatus(): CacheOutcome | undefined {
    return this.#response.cacheStatus
  }

  /** When each step was done. */
  get timings(): CallTimings {
    return this.#response.timings
  }

  text(): string {
    return DECODER.decode(this.bytes)
  }

  /** The content as JSON; what the schema has made of it, where there was one. @throws SyntaxError if it is not JSON */
  // As with the client, the caller names the type, which nobody has checked.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  json<Content = unknown>(): Content {
    return (this.value === undefined ? JSON.parse(this.text()) : this.value) as Content
  }

  toJSON(): object {
    const { status, url, attempts, duration } = this
    return { status, url: shownUrl(url), bytes: this.bytes.byteLength, attempts, duration }
  }
}

Object.defineProperty(ReceivedResponse.prototype, inspect.custom, {
  value(this: ReceivedResponse) {
    return `HttpResponse { ${this.status} ${shownUrl(this.url)}, ${this.bytes.byteLength} bytes }`
  },
})

/** What the component `HttpResponse` holds. */
export type HttpResponse<Value = unknown> = ReceivedResponse<Value>

/** What came of a request, if all went well. */
export const HttpResponse: Component<HttpResponse> = component<HttpResponse>('HttpResponse')
