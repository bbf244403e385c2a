import { type Exchange, type HeaderList, isIdempotent } from '@headgate/core'

/** A request as undici's messages show it: of the members of its class, those that its documentation and agents name. */
export class ToldRequest {
  readonly origin: string
  readonly protocol: string
  readonly host: string
  readonly path: string
  readonly method: string
  readonly idempotent: boolean
  readonly contentLength: number | null
  readonly contentType: string | null
  readonly body: null = null
  readonly upgrade: string | null = null
  /** Names and values by turns. Whoever is told that the request was created may change them. */
  headers: string[]
  completed = false
  aborted = false

  constructor({ request }: Exchange) {
    const { scheme, authority, path, query, method } = request
    this.origin = `${scheme}://${authority.text}`
    this.protocol = `${scheme}:`
    this.host = authority.text
    this.path = path + query
    this.method = method
    this.idempotent = isIdempotent(method)
    this.contentLength = request.body.length ?? null
    this.contentType = request.headers.get('content-type') ?? null
    this.headers = [...request.headers].flatMap(({ name, value }) => [name, value])
  }

  /** Adds a field, in place of one of that name: a `traceparent` that is there already is of whoever stands further out. */
  addHeader(name: string, value: string): this {
    const at = this.headers.findIndex(
      (each, index) => index % 2 === 0 && each.toLowerCase() === name.toLowerCase(),
    )
    if (at < 0) this.headers.push(name, value)
    else this.headers[at + 1] = value
    return this
  }

  /** Puts what was added or changed into the request's own fields. What is no field is passed over: agents must not break calls. */
  applyTo(fields: HeaderList): void {
    for (let index = 0; index + 1 < this.headers.length; index += 2) {
      const [name = '', value = ''] = this.headers.slice(index, index + 2)
      const key = name.toLowerCase()
      if (key === 'host' || fields.getAll(key).includes(value)) continue
      try {
        fields.set(name, value)
      } catch {
        // Not a field of HTTP.
      }
    }
  }

  /** The head, as it is about to be sent. */
  head(): string {
    const lines = [`${this.method} ${this.path} HTTP/1.1`, `host: ${this.host}`]
    for (let index = 0; index + 1 < this.headers.length; index += 2)
      lines.push(`${this.headers[index]}: ${this.headers[index + 1]}`)
    return `${lines.join('\r\n')}\r\n`
  }
}
