import { own, type ServerSentEvent } from '@headgate/core'
import { Call } from './call.ts'
import { withCaller } from './caller-stack.ts'
import { urlText } from './check-call.ts'
import { clientOptions, closeOptions } from './check-options.ts'
import { shown } from './option-check.ts'
import { invalidRequest } from './invalid-request.ts'
import { AS_USUAL, ClientEngine } from './engine.ts'
import type { ClientEventName, ClientListener } from './events.ts'
import type { Explanation } from './explain.ts'
import { extended } from './extend.ts'
import { type Fetch, makeFetch } from './fetch/fetch.ts'
import { warn } from './lint.ts'
import type { CallOptions, ClientOptions, CloseOptions } from './options.ts'
import type { OriginFigures } from './origin-metrics.ts'
import { type PaginateItemsOptions, type PaginateOptions, pages } from './paginate.ts'
import type { ClientResponse } from './response/response.ts'
import { type Result, settle } from './result.ts'
import { eventStream, type SseOptions } from './sse.ts'
import { StatusError } from './status-error.ts'

/** Calls with the same options, over the same connections. */
export class Client {
  readonly name: string
  /** Out of sight of `inspect` and JSON: its options hold secrets. */
  readonly #engine: ClientEngine

  /** For `createClient` and `extend`. */
  constructor(engine: ClientEngine) {
    this.name = engine.name
    this.#engine = engine
    this.fetch = makeFetch(engine)
  }

  get(url: string | URL, options?: CallOptions): Call {
    return this.call('GET', url, options)
  }

  head(url: string | URL, options?: CallOptions): Call {
    return this.call('HEAD', url, options)
  }

  post(url: string | URL, options?: CallOptions): Call {
    return this.call('POST', url, options)
  }

  put(url: string | URL, options?: CallOptions): Call {
    return this.call('PUT', url, options)
  }

  patch(url: string | URL, options?: CallOptions): Call {
    return this.call('PATCH', url, options)
  }

  delete(url: string | URL, options?: CallOptions): Call {
    return this.call('DELETE', url, options)
  }

  /** The method OPTIONS (RFC 9110 9.3.7): what can be done with a resource. */
  options(url: string | URL, options?: CallOptions): Call {
    return this.call('OPTIONS', url, options)
  }

  /** Any method, as `QUERY` or `PROPFIND`. */
  request(method: string, url: string | URL, options?: CallOptions): Call {
    if (typeof method !== 'string')
      throw new TypeError(`the method of request is ${shown(method)}; allowed: a string, as "PROPFIND"`)
    return this.call(method, url, options)
  }

  /**
   * `fetch` as the Fetch standard has it, for everything that wants one: a status is no error, and of the options only the platform's
   * count; those of Headgate stand under the key `headgate`. Rejects with the signal's reason or a TypeError.
   */
  readonly fetch: Fetch

  /** The response of a call, or whatever `work` brings, or the error: as a value. Never rejects. */
  attempt<Value>(work: PromiseLike<Value>): Promise<Result<Value>>
  attempt(url: string | URL, options?: CallOptions): Promise<Result<ClientResponse>>
  attempt(work: PromiseLike<unknown> | string | URL, options?: CallOptions): Promise<Result<unknown>> {
    if (typeof work === 'string' || work instanceof URL)
      return settle(this.call(own(options ?? {}).method ?? 'GET', work, options))
    if (typeof (Object(work) as Partial<PromiseLike<unknown>>).then !== 'function')
      return settle(Promise.reject(notToAwait(work)))
    return settle(work)
  }

  /**
   * The events of a `text/event-stream` (server-sent events), for `for await`: connects again with Last-Event-ID when the stream
   * ends or breaks. Ends with the loop, with 204 from the server, or with `signal`. Throws TrafficError.
   */
  sse(url: string | URL, options: SseOptions = {}): AsyncGenerator<ServerSentEvent, void, undefined> {
    const { clock } = this.#engine
    const text = urlText(url)
    const send = (call: CallOptions): Promise<ClientResponse> =>
      this.#engine.send(text, call, { ...AS_USUAL, accept: 'text/event-stream' })
    return eventStream(options, { clock, url: text, send })
  }

  /**
   * All pages of a list as JSON, or with the option `items` all that is on them, for `for await`: by `Link`, by a cursor or URL in
   * the content, by page number or offset. The next page must be at the same origin. Throws TrafficError.
   */
  paginate<Item, Page = unknown>(
    url: string | URL,
    options: PaginateItemsOptions<Item, Page>,
  ): AsyncGenerator<Item, void, undefined>
  paginate<Page = unknown>(
    url: string | URL,
    options?: PaginateOptions<Page>,
  ): AsyncGenerator<Page, void, undefined>
  paginate(
    url: string | URL,
    options: PaginateOptions & Partial<PaginateItemsOptions<unknown>> = {},
  ): AsyncGenerator<unknown, void, undefined> {
    const text = urlText(url)
    const { method = 'GET' } = own(options)
    const { clock } = this.#engine
    const send = async (page: string, call: CallOptions): Promise<ClientResponse> => {
      const response = await this.#engine.send(page, call, { ...AS_USUAL, accept: 'application/json' })
      if (response.status >= 400) throw new StatusError(method, response, clock.wallTime())
      return response
    }
    return pages(options, { url: text, origin: this.#engine.originOf(text), send })
  }

  /** What would be done with a call, and why. Nothing is sent. */
  explain(url: string | URL, options: CallOptions = {}): Explanation {
    return this.#engine.explain(urlText(url), options)
  }

  /**
   * A client with these options on top of its own. The two share connections and what DNS said, unless the options have connections
   * made otherwise; breakers, limits, budget, events and figures are its own. Close it, too: the last one closes the connections.
   */
  extend(options: ClientOptions): Client {
    return clientOf(extended(this.#engine.options, clientOptions(options)), this.#engine)
  }

  /**
   * Calls `listener` whenever `name` happens; the answer ends that. The same is told on `headgate.client.<name>` of
   * node:diagnostics_channel.
   * @throws TypeError if there is no such event, or the listener is no function
   */
  on<Name extends ClientEventName>(name: Name, listener: ClientListener<Name>): () => void {
    return this.#engine.events.on(name, listener)
  }

  /** What was counted for each origin, with the state of its pool and circuit. */
  metrics(): OriginFigures[] {
    return this.#engine.metrics()
  }

  /**
   * Takes no more calls, and waits for those under way, at most `grace` milliseconds (default 10,000); then they fail with
   * `shutting_down`. Closes all connections, unless a client that shares them (`extend`) is still open: the last one does.
   */
  close(options: CloseOptions = {}): Promise<void> {
    const { grace = 10_000 } = closeOptions(options)
    return this.#engine.close(grace)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private call(method: string, url: string | URL, options: CallOptions | undefined): Call {
    return new Call(async (accept, call) => {
      try {
        const how = { ...AS_USUAL, accept, method, call }
        const response = await this.#engine.send(urlText(url), options, how)
        if (response.status < 400) return response
        const { throwOnStatus = this.#engine.options.throwOnStatus } = own(options ?? {})
        if (throwOnStatus === false) return response
        throw new StatusError(method, response, this.#engine.clock.wallTime())
      } catch (thrown) {
        throw await withCaller(thrown)
      }
    })
  }
}

/**
 * Makes a client. Each has connections, breakers, limits and a retry budget of its own: make one for a service, and keep it.
 * @throws TypeError that names the option that is not valid, and what is allowed
 */
export function createClient(options: ClientOptions = {}): Client {
  return clientOf(options, undefined)
}

function notToAwait(work: unknown): Error {
  return invalidRequest(
    `attempt was given ${shown(work)}; allowed: a call or another promise, or a URL with options`,
  )
}

function clientOf(options: ClientOptions, kin: ClientEngine | undefined): Client {
  const checked = clientOptions(options)
  const engine = new ClientEngine(checked, kin)
  if (checked.lint !== false) warn(engine.name, engine.findings)
  return new Client(engine)
}
