/** What may be said of an answer beside its content. */
export type AnswerInit = Pick<ResponseInit, 'status' | 'headers'>

/** What the engine takes of an answer in place of a stream. */
export interface AnswerParts {
  readonly status: number
  readonly fields: Iterable<readonly [name: string, value: string]>
  readonly text: string
}

/** Known to all copies of this file: a handler may have it from another bundle than the engine. */
const PARTS: unique symbol = Symbol.for('headgate.answer') as never // a symbol of its own, which the type of Symbol.for does not say

/** The parts of an answer of `json`, `text` or `html`; undefined of any other, and of one that was read. */
export function answerParts(response: unknown): AnswerParts | undefined {
  if (typeof response !== 'object' || response === null || !(PARTS in response)) return undefined
  return (response as TextAnswer)[PARTS]()
}

/**
 * A `Response` with text that is here, whose parts are made when somebody asks for them. The platform's own costs 5 to 8 µs, half of what a
 * whole exchange takes; the engine takes the text of this one as it is.
 */
class TextAnswer {
  readonly #text: string
  readonly #type: string
  readonly #status: number
  readonly #given: AnswerInit['headers']
  #headers: Headers | undefined
  #real: Response | undefined

  /** @throws RangeError if the status is none that a Response can have, or none with content */
  constructor(text: string, type: string, init: AnswerInit = {}) {
    const { status = 200, headers } = init
    if (!Number.isInteger(status) || status < 200 || status > 599)
      throw new RangeError(
        `the status of an answer is ${String(status)}; allowed: a whole number from 200 to 599`,
      )
    this.#text = text
    this.#type = type
    this.#status = status
    this.#given = headers
  }

  /** For the engine: what it is made of, if nobody has read it. Fields that nobody has asked for are not made. */
  [PARTS](): AnswerParts | undefined {
    if (this.#real !== undefined) return undefined
    const isPlain = this.#headers === undefined && this.#given === undefined
    return {
      status: this.#status,
      fields: isPlain ? [['content-type', this.#type]] : this.headers,
      text: this.#text,
    }
  }

  get status(): number {
    return this.#status
  }

  get statusText(): string {
    return ''
  }

  get ok(): boolean {
    return this.#status < 300
  }

  get type(): Response['type'] {
    return 'default'
  }

  get url(): string {
    return ''
  }

  get redirected(): boolean {
    return false
  }

  get headers(): Headers {
    if (this.#headers === undefined) {
      this.#headers = new Headers(this.#given)
      if (!this.#headers.has('content-type')) this.#headers.set('content-type', this.#type)
    }
    return this.#headers
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#platform.body
  }

  get bodyUsed(): boolean {
    return this.#real?.bodyUsed === true
  }

  text(): Promise<string> {
    return this.#platform.text()
  }

  json(): Promise<unknown> {
    return this.#platform.json()
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#platform.arrayBuffer()
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.#platform.arrayBuffer())
  }

  blob(): Promise<Blob> {
    return this.#platform.blob()
  }

  formData(): Promise<FormData> {
    return this.#platform.formData()
  }

  clone(): Response {
    return this.#platform.clone()
  }

  get #platform(): Response {
    this.#real ??= new Response(this.#text, { status: this.#status, headers: this.headers })
    return this.#real
  }
}

Object.setPrototypeOf(TextAnswer.prototype, Response.prototype)

/**
 * A response with a value as JSON, which the engine sends with less work than one of `Response.json`.
 * @throws TypeError if the value has no JSON form, RangeError if the status is none that a response can have
 */
export function json(value: unknown, init?: AnswerInit): Response {
  const text = JSON.stringify(value) as string | undefined
  if (text === undefined) throw new TypeError(`a value of type ${typeof value} has no JSON form`)
  return answer(text, 'application/json', init)
}

/** A response with plain text, as `json` makes one. */
export function text(content: string, init?: AnswerInit): Response {
  return answer(content, 'text/plain;charset=UTF-8', init)
}

/** A response with a page, as `json` makes one. */
export function html(content: string, init?: AnswerInit): Response {
  return answer(content, 'text/html;charset=UTF-8', init)
}

/** A response with text of that type. */
export function answer(content: string, type: string, init: AnswerInit | undefined): Response {
  return new TextAnswer(content, type, init)
}
