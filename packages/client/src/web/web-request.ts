import type { Exchange, TrafficError } from '@headgate/core'
import { bodyStream } from '../response/body-stream.ts'
import { TRAFFIC_FAILURES } from '../response/failures.ts'

/** Methods whose requests have no content for the platform, whatever came (WHATWG Fetch 5.4, step 34). */
const WITHOUT_CONTENT: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/**
 * The request of an exchange as a `Request` of the web platform, each part of which is made when somebody asks for it: the platform's own
 * costs 3 to 5 µs, and most who answer look at its URL, a field and the content. Its signal fires when the exchange is given up.
 */
class WebRequest {
  readonly #exchange: Exchange
  readonly #method: string
  readonly #url: string
  #headers: Headers | undefined
  #control: AbortController | undefined
  #real: Request | undefined
  /** Whether the content was read without a stream. */
  #taken = false

  constructor(exchange: Exchange) {
    const { method, scheme, authority, path, query } = exchange.request
    this.#exchange = exchange
    this.#method = method
    this.#url = `${scheme}://${authority.text}${path}${query}`
  }

  /** All of it at once, as the platform makes one. */
  static platform(request: WebRequest): Request {
    return request.#platform
  }

  get method(): string {
    return this.#method
  }

  get url(): string {
    return this.#url
  }

  get headers(): Headers {
    this.#headers ??= this.#real?.headers ?? new Headers(this.#fields)
    return this.#headers
  }

  get signal(): AbortSignal {
    if (this.#control === undefined) {
      const control = new AbortController()
      this.#control = control
      const { cancellation } = this.#exchange
      if (cancellation !== undefined) control.abort(cancellation)
      this.#exchange.occupy({ cancelled: (error: TrafficError) => control.abort(error) })
    }
    return this.#control.signal
  }

  get redirect(): Request['redirect'] {
    return 'manual'
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#taken ? new Response(null).body : this.#platform.body
  }

  get bodyUsed(): boolean {
    return this.#taken || this.#real?.bodyUsed === true
  }

  text(): Promise<string> {
    const here = this.#takeHere()
    return here === undefined ? this.#platform.text() : Promise.resolve(textOf(here))
  }

  async json(): Promise<unknown> {
    const here = this.#takeHere()
    return here === undefined ? this.#platform.json() : (JSON.parse(textOf(here)) as unknown)
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const here = this.#takeHere()
    return here === undefined ? new Uint8Array(await this.#platform.arrayBuffer()) : new Uint8Array(here)
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer
  }

  blob(): Promise<Blob> {
    return this.#platform.blob()
  }

  formData(): Promise<FormData> {
    return this.#platform.formData()
  }

  /** @throws TypeError if the content was read already */
  clone(): Request {
    return this.#platform.clone()
  }

  /** All that is asked seldom. */
  get #platform(): Request {
    if (this.#taken) throw new TypeError('the content of this request was read already')
    if (this.#real === undefined) {
      const { body } = this.#exchange.request
      const hasContent = !WITHOUT_CONTENT.has(this.#method) && body.length !== 0
      this.#real = new Request(this.#url, {
        method: this.#method,
        headers: this.#headers ?? this.#fields,
        redirect: 'manual',
        signal: this.signal,
        ...(hasContent && { body: bodyStream(body, TRAFFIC_FAILURES), duplex: 'half' }),
      })
      this.#headers = this.#real.headers
    }
    return this.#real
  }

  get #fields(): [string, string][] {
    return [...this.#exchange.request.headers].map(({ name, value }) => [name, value])
  }

  /** The content, if it is here and nobody has begun to read it. */
  #takeHere(): Uint8Array | undefined {
    const { whole } = this.#exchange.request.body
    if (this.#taken) throw new TypeError('the content of this request was read already')
    if (whole === undefined || this.#real !== undefined || WITHOUT_CONTENT.has(this.#method)) return undefined
    this.#taken = true
    return whole.bytes
  }
}

// For `instanceof`, and for all that a Request has beside this, as `mode`.
Object.setPrototypeOf(WebRequest.prototype, Request.prototype)
for (const name of [
  'cache',
  'credentials',
  'destination',
  'duplex',
  'integrity',
  'keepalive',
  'mode',
  'referrer',
  'referrerPolicy',
] as const)
  Object.defineProperty(WebRequest.prototype, name, {
    configurable: true,
    get: () => PLAIN[name as 'cache'],
  })

/** A request of which nothing but its URL is said. */
const PLAIN = new Request('http://localhost/')

/** The request of an exchange, for code of the web platform. */
export function webRequest(exchange: Exchange): Request {
  return new WebRequest(exchange) as unknown as Request
}

/**
 * The same as a request of the platform's own class, for code that may hand it on: `fetch` and `new Request` look at what is private to that
 * class. @param request of `webRequest`
 */
export function platformRequest(request: Request): Request {
  return WebRequest.platform(request as unknown as WebRequest) // made by webRequest
}

const UTF_8 = new TextDecoder()

function textOf(bytes: Uint8Array): string {
  return UTF_8.decode(bytes)
}
