import { type Exchange, TrafficError } from '@headgate/core'
import type { ClientResponse } from './response/response.ts'
import { withCaller } from './caller-stack.ts'
import { numberOf } from './observe-call.ts'
import { type Result, settle } from './result.ts'
import type { StandardSchema } from './standard-schema.ts'

const SOON = Promise.resolve()

/**
 * A call under way: awaited, it is the response; `json()` and its like read the content at once. It is sent in the same turn of
 * the event loop, whether awaited or not.
 */
export class Call implements Promise<ClientResponse> {
  readonly [Symbol.toStringTag] = 'Call'
  readonly #send: (accept: string | undefined, call: Call) => Promise<ClientResponse>
  #exchange: Exchange | undefined
  #cancelled = false
  #response: Promise<ClientResponse> | undefined

  /** @param send sends the request, with this Accept unless the caller gave another; called once. It is given the call, for `begun` */
  constructor(send: (accept: string | undefined, call: Call) => Promise<ClientResponse>) {
    this.#send = send
    // After `json()` and its like, which say what to accept. Node's queueMicrotask would make an async resource for each call.
    void SOON.then(() => void this.begin())
  }

  /** For who sends it: the exchange that it has become. */
  static begun(call: Call, exchange: Exchange): void {
    call.#exchange = exchange
    if (call.#cancelled) exchange.cancel(givenUp())
  }

  /** The number by which the client's events speak of it; 0 until it is sent. */
  get number(): number {
    return this.#exchange === undefined ? 0 : numberOf(this.#exchange)
  }

  /**
   * Gives the call up, wherever it stands, as `signal` does: it rejects with the TrafficError `cancelled`, and a response that is being read
   * breaks. A policy or transport of your own that does not listen is waited for. Costs nothing until it is called, unlike a signal.
   */
  cancel(): void {
    this.#cancelled = true
    this.#exchange?.cancel(givenUp())
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
    this.#response ??= this.#send(accept, this)
    return this.#response
  }
}

function givenUp(): TrafficError {
  return new TrafficError('cancelled', 'the caller gave the call up')
}
