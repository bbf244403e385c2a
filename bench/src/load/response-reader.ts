import { headValue } from './head-value.ts'

/**
 * Reads the responses on one connection, one after the other. Made for one job: to see whether each is a 200
 * with the expected body length, at the least cost. Everything else is a failure with a name.
 */
export class ResponseReader {
  readonly #bodyLength: number
  readonly #done: (failure: string | undefined) => void
  #bodyLeft = 0
  #unfinishedHead: Buffer | undefined
  /** The name as this proxy writes it, so that the search needs no change of case. */
  #lengthField = '\r\nContent-Length: '

  /** `done` is called once per response; after a failure the connection is of no more use. */
  constructor(bodyLength: number, done: (failure: string | undefined) => void) {
    this.#bodyLength = bodyLength
    this.#done = done
  }

  /** Takes the next bytes: the first `length` of `chunk`, which is not kept. */
  read(chunk: Buffer, length: number): void {
    if (this.#bodyLeft > 0) {
      this.#body(length)
    } else if (this.#unfinishedHead === undefined) {
      this.#head(chunk, length)
    } else {
      const joined = Buffer.concat([this.#unfinishedHead, chunk.subarray(0, length)])
      this.#unfinishedHead = undefined
      this.#head(joined, joined.length)
    }
  }

  #head(data: Buffer, length: number): void {
    const headEnd = data.indexOf('\r\n\r\n', 0, 'latin1') + 4
    // Below 4 the end was not found; above `length` it is left from an earlier read of the same buffer.
    if (headEnd < 4 || headEnd > length) {
      this.#unfinishedHead = Buffer.from(data.subarray(0, length))
      return
    }
    const head = data.toString('latin1', 0, headEnd)
    if (!head.startsWith('HTTP/1.1 200')) {
      this.#done(`status ${head.slice(9, 12)}`)
      return
    }
    const bodyLength = this.#contentLength(head)
    if (bodyLength !== this.#bodyLength) {
      const found = Number.isNaN(bodyLength) ? 'no Content-Length' : `Content-Length ${bodyLength}`
      this.#done(`${found} instead of ${this.#bodyLength}`)
      return
    }
    this.#bodyLeft = bodyLength
    this.#body(length - headEnd)
  }

  #body(received: number): void {
    this.#bodyLeft -= received
    if (this.#bodyLeft === 0) this.#done(undefined)
    else if (this.#bodyLeft < 0) this.#done('bytes after the response')
  }

  #contentLength(head: string): number {
    let at = head.indexOf(this.#lengthField)
    if (at < 0) {
      at = head.toLowerCase().indexOf('\r\ncontent-length: ')
      if (at < 0) return Number(headValue(head, 'content-length') ?? Number.NaN)
      this.#lengthField = head.slice(at, at + this.#lengthField.length)
    }
    let value = 0
    for (let index = at + this.#lengthField.length; ; index++) {
      const digit = head.charCodeAt(index) - 0x30
      if (!(digit >= 0 && digit <= 9)) return value
      value = value * 10 + digit
    }
  }
}
