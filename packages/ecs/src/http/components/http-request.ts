import { inspect } from 'node:util'
import type {
  BodyInput,
  CallOptions,
  HeadersInput,
  Query,
  RequestCacheMode,
  StandardSchema,
  TrafficError,
} from '@headgate/client'
import { knownOptions, type OptionNames, own } from '@headgate/core'
import { component, type Component } from '../../port/component.ts'
import { shownUrl } from '../shown-url.ts'

/** What a request is made of. */
export interface HttpRequestInput {
  readonly url: string | URL
  /** Default GET. */
  readonly method?: string | undefined
  readonly headers?: HeadersInput | undefined
  /** Parameters to add to the URL's own. */
  readonly query?: Query | undefined
  /** What to send. A stream cannot be sent again, nor be saved. */
  readonly body?: BodyInput | null | undefined
  /** A value to send as JSON. */
  readonly json?: unknown
  /** The client of `HttpConfig.clients` to send it by. Default: the one that all others are made of. */
  readonly client?: string | undefined
  /** Whether the content comes in chunks, as `BodyChunks` and `HttpBodyChunk`, in place of being read whole. Default false. */
  readonly stream?: boolean | undefined
  /** Checks the content, which must be JSON: `HttpResponse.value` is what it makes of it. */
  readonly schema?: StandardSchema<unknown, unknown> | undefined
  /** How the client's cache is used, as in `fetch`. */
  readonly cache?: RequestCacheMode | undefined
  /** Whether a status of 400 or more is an `HttpError`. Default: what the client says, which is yes. */
  readonly throwOnStatus?: boolean | undefined
  /** Anything else that a call of the client takes, as `redirect` or `auth`. */
  readonly call?: OtherCallOptions | undefined
}

/** Options of a call that nothing in this package stands for. */
export type OtherCallOptions = Omit<
  CallOptions,
  | 'method'
  | 'headers'
  | 'query'
  | 'body'
  | 'json'
  | 'cache'
  | 'throwOnStatus'
  | 'signal'
  | 'priority'
  | 'retry'
>

const NAMES: OptionNames<HttpRequestInput> = {
  url: true,
  method: true,
  headers: true,
  query: true,
  body: true,
  json: true,
  client: true,
  stream: true,
  schema: true,
  cache: true,
  throwOnStatus: true,
  call: true,
}

/** Of a request that is a URL and nothing else. */
export const NOTHING_ELSE: Omit<HttpRequestInput, 'url'> = own({})

/** A request and where it stands; all but what was asked for is set by the systems. Neither shows fields, content or query where it is printed. */
class RequestState {
  readonly url: string
  readonly method: string
  /** Counts the requests of a world, from 1; a retry that the program asks for gets the next. 0 until a world has it. */
  id = 0
  /** World time in milliseconds, see `HttpTime`; undefined until then. */
  submittedAt: number | undefined = undefined
  startedAt: number | undefined = undefined
  endedAt: number | undefined = undefined
  /** Further tries, those of the client's and those that the program has asked for. */
  retries = 0
  /** What was asked for, beside URL and method. */
  readonly input: Omit<HttpRequestInput, 'url'>
  /** Where `HttpRequests` keeps it while it has not ended. */
  slot = -1
  /** Fails instead of being sent: for what cannot be restored. */
  refusal: TrafficError | undefined = undefined

  /** @throws TypeError that names what is not known or not valid */
  constructor(given: string | URL | HttpRequestInput) {
    if (typeof given === 'string' || given instanceof URL) {
      this.url = String(given)
      this.method = 'GET'
      this.input = NOTHING_ELSE
      return
    }
    const input = knownOptions('HttpRequest', given, NAMES)
    const { url, method = 'GET' } = input
    if (typeof url !== 'string' && !(url instanceof URL))
      throw new TypeError('option HttpRequest.url is missing; allowed: a string or a URL')
    if (typeof method !== 'string')
      throw new TypeError('option HttpRequest.method is no string; allowed: a method, as "POST"')
    this.url = String(url)
    this.method = method.toUpperCase()
    this.input = input
  }

  /** The same request, for another entity. */
  copy(): RequestState {
    return new RequestState({ ...this.input, url: this.url })
  }

  toJSON(): object {
    return { id: this.id, method: this.method, url: shownUrl(this.url), retries: this.retries }
  }
}

Object.defineProperty(RequestState.prototype, inspect.custom, {
  value(this: RequestState) {
    return `HttpRequest { ${this.id}: ${this.method} ${shownUrl(this.url)} }`
  },
})

/** What the component `HttpRequest` holds. */
export type HttpRequest = RequestState

/**
 * Asks for something: an entity that gets one is a request. Removing it, or despawning the entity, cancels what has not ended.
 * `spawn(HttpRequest('https://api.example.com/users/1'))`.
 */
export const HttpRequest: Component<HttpRequest, string | URL | HttpRequestInput> = component(
  'HttpRequest',
  (given: string | URL | HttpRequestInput) => new RequestState(given),
)
