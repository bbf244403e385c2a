import type { TrafficError } from '@headgate/core'
import type { ClientResponse } from './response/response.ts'
import { withCaller } from './caller-stack.ts'
import { type Result, settle } from './result.ts'
import type { StandardSchema } from './standard-schema.ts'

const SOON = Promise.resolve()

/**
 * A call under way: awaited, it is the response; `json()` and its like read the content at once. It is sent in the same turn of
 * the event loop, whether awaited or not.
 */
export class Call implements Promise<ClientResponse> {
  readonly [Symbol.toStringTag] = 'Call'
  readonly #send: (accept: string | undefined) => Promise<ClientResponse>
  #response: Promise<ClientResponse> | undefined

  /** @param send sends the request, with this Accept unless the caller gave another; called once */
  constructor(send: (accept: string | undefined) => Promise<ClientResponse>) {
    this.#send = send
    // After `json()` and its like, which say what to accept. Node's queueMicrotask would make an async resource for each call.
    void SOON.then(() => void this.begin())
  }

  // A call is awaited as what it is for.
  // oxlint-disable-next-line unicorn/no-thenable
  then<Fulfilled = ClientResponse, Rejected = never>(
    fulfilled?: ((response: ClientResponse) => Fulfilled | PromiseLike<Fulfilled>) | null,
    rejected?: ((error: TrafficError) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.begin().then(fulfilled, rejected)
  }

  catch<Rejected = never>(
    rejected?: ((error: TrafficError) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<ClientResponse | Rejected> {
    return this.begin().catch(rejected)
  }

  finally(settled?: (() => void) | null): Promise<ClientResponse> {
    return this.begin().finally(settled)
  }

  /**
   * The content as JSON, checked and typed by a schema if one is given. Without one it is of the type that the caller names, which nobody
   * has checked.
   * @throws TrafficError `invalid_content` if it is not JSON, or not what the schema says
   */
  json<Output = unknown>(): Promise<Output>
  json<Output>(schema: StandardSchema<unknown, Output>): Promise<Output>
  async json(schema?: StandardSchema<unknown, unknown>): Promise<unknown> {
    try {
      const response = await this.begin('application/json')
      return await (schema === undefined ? response.json() : response.json(schema))
    } catch (thrown) {
      throw await withCaller(thrown)
    }
  }

  async text(): Promise<string> {
    return (await this.begin('text/*')).text()
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.begin()).bytes()
  }

  async blob(): Promise<Blob> {
    return (await this.begin()).blob()
  }

  /** The response or the error, as a value. */
  attempt(): Promise<Result<ClientResponse>> {
    return settle(this.begin())
  }

  private begin(accept?: string): Promise<ClientResponse> {
    this.#response ??= this.#send(accept)
    return this.#response
  }
}
