import { END_HEADERS, END_STREAM, FRAME, frame, type ReadFrame } from '../http2/frames.ts'
import { type Field, requestBlocks, saysOk } from '../http2/header-block.ts'
import { smallBody } from '../origin/documents.ts'
import { Http2Connection } from './http2-connection.ts'
import type { Target } from './job.ts'
import type { Tally } from './tally.ts'

const HEAD_FLAGS = END_HEADERS | END_STREAM

/** A connection of HTTP/2 that makes one request at a time, as long as it is told to. */
export class Http2Asker {
  readonly #target: Target
  readonly #routes: number
  readonly #tally: Tally
  readonly #idle: (asker: Http2Asker) => void
  readonly #fields: readonly Field[]
  readonly #connection: Http2Connection
  #stream = -1
  #bytes = 0

  /** Connects at once. `idle` is called when the connection is up, and after each response that is as expected. */
  constructor(
    target: Target,
    routes: number,
    tally: Tally,
    idle: (asker: Http2Asker) => void,
    lost: (asker: Http2Asker) => void,
  ) {
    this.#target = target
    this.#routes = routes
    this.#tally = tally
    this.#idle = idle
    this.#fields = [
      [':authority', `127.0.0.1:${this.#target.port}`],
      ['user-agent', 'headgate-bench'],
      ['accept', '*/*'],
    ]
    this.#connection = new Http2Connection(target.port, {
      ready: () => idle(this),
      frame: (read) => this.#taken(read),
      lost: (why) => {
        tally.fail(why)
        lost(this)
      },
    })
  }

  /** How many requests it has made. */
  get asked(): number {
    return (this.#stream + 1) / 2
  }

  ask(): void {
    const first = this.#stream < 0
    const path = `/r${this.asked % this.#routes}/small`
    this.#stream += 2
    this.#bytes = 0
    const blocks = requestBlocks('GET', path, this.#fields)
    this.#connection.frames.write(
      frame(FRAME.headers, HEAD_FLAGS, this.#stream, first ? blocks.first : blocks.later),
    )
  }

  close(): void {
    this.#connection.close()
  }

  #taken({ type, flags, stream, bytes, payload, end }: ReadFrame): void {
    if (stream !== this.#stream || (type !== FRAME.headers && type !== FRAME.data)) return
    if (type === FRAME.headers && !saysOk(bytes, payload)) this.#tally.fail('a status other than 200')
    if (type === FRAME.data) this.#bytes += end - payload
    if ((flags & END_STREAM) === 0) return
    if (this.#bytes === smallBody.length) this.#tally.complete(this.#bytes)
    else this.#tally.fail('a body of another length')
    this.#idle(this)
  }
}
