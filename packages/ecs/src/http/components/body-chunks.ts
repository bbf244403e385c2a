import type { ClientResponse } from '@headgate/client'
import { component, type Component } from '../../port/component.ts'

/** The content of a streamed request, as it comes. */
export class IncomingChunks {
  /** Those of this tick, in their order. */
  chunks: Uint8Array[] = []
  /** Bytes that were delivered so far, those of this tick among them. */
  received = 0
  /** Whether all has come, or it broke off. */
  done = false
  /** While true, nothing more is delivered, and soon nothing more is read from the network. */
  paused = false
  /** Bytes that there will be, if the response says so. */
  readonly length: number | undefined
  readonly #response: ClientResponse

  constructor(response: ClientResponse) {
    this.#response = response
    const length = response.header('content-length')
    this.length = length === undefined ? undefined : Number(length)
  }

  get status(): number {
    return this.#response.status
  }

  get headers(): Headers {
    return this.#response.headers
  }

  header(name: string): string | undefined {
    return this.#response.header(name)
  }
}

/** What the component `BodyChunks` holds. */
export type BodyChunks = IncomingChunks

/** On the entity of a request with `stream: true` from the head of its response on. */
export const BodyChunks: Component<BodyChunks> = component<BodyChunks>('BodyChunks')
