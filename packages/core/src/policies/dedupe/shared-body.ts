import type { Body, BodySink } from '../../message/body.ts'
import { TrafficError } from '../../message/errors.ts'
import type { HeaderList } from '../../message/headers.ts'

/** Told of what becomes of a shared body. */
export interface SharedBodyOwner {
  /** From now on nobody can join: the beginning is gone, or the end is here. */
  closedToJoiners(): void
  /** It arrived whole, or broke. */
  bodyEnded(error: TrafficError | undefined): void
  /** Whether who falls too far behind can be given the rest later, by `giveRest`. Default: it cannot. */
  keepsRest?(): boolean
}

/**
 * One body that flows to several readers, each at its own speed. It is read as fast as the fastest of them takes it. Up to
 * `limit` bytes are kept: all from the start, for those who join late, and after that what the slowest has not taken yet. Who
 * falls further behind is given the rest later, where the owner keeps it, or cut off with `downstream_too_slow`, so that nobody
 * waits for anybody.
 */
export class SharedBody implements BodySink {
  readonly source: Body
  private readonly limit: number
  private readonly owner: SharedBodyOwner
  private readonly readers = new Set<SharedReader>()
  /** Those who fell behind, and wait for the rest. */
  private readonly waiting = new Set<SharedReader>()
  private chunks: Uint8Array[] = []
  /** How many chunks were let go at the front. */
  private dropped = 0
  /** Bytes from the start that have arrived. */
  private arrived = 0
  private flowing = false
  private joinable = true
  private over = false
  private trailers: HeaderList | undefined
  private failure: TrafficError | undefined

  constructor(source: Body, limit: number, owner: SharedBodyOwner) {
    this.source = source
    this.limit = limit
    this.owner = owner
  }

  /** Another reader of all of it; undefined if its beginning is gone. */
  join(left: () => void): SharedReader | undefined {
    if (!this.joinable) return undefined
    const reader = new SharedReader(this, left)
    this.readers.add(reader)
    return reader
  }

  write(chunk: Uint8Array): boolean {
    this.chunks.push(chunk)
    this.arrived += chunk.byteLength
    // Where nobody reads but some wait for what is kept elsewhere, it goes there.
    let room = this.readers.size === 0 && this.waiting.size > 0
    for (const reader of this.readers) {
      this.pump(reader)
      if (reader.room) room = true
    }
    if (this.arrived > this.limit) {
      this.close()
      this.trim(room)
    }
    return room
  }

  end(trailers?: HeaderList): void {
    this.trailers = trailers
    this.finish(undefined)
  }

  fail(error: TrafficError): void {
    this.failure = error
    this.finish(error)
  }

  /**
   * For the owner, when the body is kept whole, or is known not to be: those who fell behind go on from where they were.
   * @param open the content from a byte on; undefined where it is not to be had
   */
  giveRest(open: ((first: number) => Body) | undefined): void {
    for (const reader of this.waiting) {
      if (open === undefined) reader.abort(tooSlow(this.limit))
      else reader.goOn(open(reader.taken))
    }
    this.waiting.clear()
  }

  /** Whether somebody fell behind, and waits for `giveRest`. */
  get isWaitedFor(): boolean {
    return this.waiting.size > 0
  }

  /** For a reader: it flows, or has room again. */
  more(reader: SharedReader): void {
    if (this.waiting.has(reader)) return
    this.pump(reader)
    if (!reader.room || this.over) return
    if (this.flowing) this.source.resume()
    else {
      this.flowing = true
      this.source.flowTo(this)
    }
  }

  /** For a reader: it wants no more. */
  leave(reader: SharedReader, error: TrafficError): void {
    this.readers.delete(reader)
    this.waiting.delete(reader)
    if (this.readers.size > 0 || this.over) return
    if (this.waiting.size > 0) this.source.resume()
    else {
      this.over = true
      this.close()
      this.chunks = []
      this.source.cancel(error)
    }
  }

  /** Gives a reader what is here, as far as it takes it. */
  private pump(reader: SharedReader): void {
    // The sink may ask for more while it is given some.
    if (reader.pumping) return
    reader.pumping = true
    while (reader.room) {
      const chunk = this.chunks[reader.position - this.dropped]
      if (chunk === undefined) break
      reader.position++
      reader.taken += chunk.byteLength
      reader.give(chunk)
    }
    reader.pumping = false
    if (this.over && reader.room && reader.position - this.dropped >= this.chunks.length) {
      this.readers.delete(reader)
      reader.finish(this.failure, this.trailers)
    }
  }

  private finish(error: TrafficError | undefined): void {
    this.over = true
    this.close()
    this.owner.bodyEnded(error)
    for (const reader of this.readers) this.pump(reader)
  }

  private close(): void {
    if (!this.joinable) return
    this.joinable = false
    this.owner.closedToJoiners()
  }

  /** Lets go what all have taken, and those that are too far behind one that goes on. */
  private trim(goingOn: boolean): void {
    let slowest = Infinity
    for (const reader of this.readers) {
      if (goingOn && this.arrived - reader.taken > this.limit) {
        this.readers.delete(reader)
        if (this.owner.keepsRest?.() === true) this.waiting.add(reader)
        else reader.abort(tooSlow(this.limit))
      } else if (reader.position < slowest) slowest = reader.position
    }
    const gone = Math.min(slowest - this.dropped, this.chunks.length)
    if (gone <= 0) return
    this.chunks.splice(0, gone)
    this.dropped += gone
  }
}

/** What one of those that share a response reads. */
export class SharedReader implements Body {
  readonly length: number | undefined
  readonly whole: undefined = undefined
  /** For the shared body: the next chunk, counted from the start. */
  position = 0
  /** For the shared body: bytes given so far. */
  taken = 0
  pumping = false
  room = false
  private readonly shared: SharedBody
  private readonly left: () => void
  private sink: BodySink | undefined
  private failure: TrafficError | undefined
  private flows = false
  /** What it reads where it fell behind. */
  private rest: Body | undefined

  constructor(shared: SharedBody, left: () => void) {
    this.shared = shared
    this.length = shared.source.length
    this.left = left
  }

  /** @throws TypeError if it flows already */
  flowTo(sink: BodySink): void {
    if (this.flows) throw new TypeError('this body has already been read: a streamed body flows once')
    this.flows = true
    if (this.failure !== undefined) return sink.fail(this.failure)
    this.sink = sink
    this.room = true
    this.shared.more(this)
  }

  resume(): void {
    if (this.sink === undefined) return
    if (this.rest !== undefined) return this.rest.resume()
    this.room = true
    this.shared.more(this)
  }

  cancel(error: TrafficError): void {
    if (this.failure !== undefined) return
    this.failure = error
    this.sink = undefined
    this.room = false
    this.rest?.cancel(error)
    this.shared.leave(this, error)
    this.left()
  }

  /** For the shared body. */
  give(chunk: Uint8Array): void {
    this.room = false
    const goOn = this.sink?.write(chunk) === true
    // It may have been cancelled by what it was given, or have asked for more before it answered.
    this.room = (goOn || this.room) && this.sink !== undefined
  }

  /** For the shared body: the rest comes from elsewhere, once the sink has room. */
  goOn(rest: Body): void {
    if (this.sink === undefined) return
    this.rest = rest
    rest.flowTo({
      write: (chunk) => this.sink?.write(chunk) ?? true,
      end: (trailers) => this.finish(undefined, trailers),
      fail: (error) => this.finish(error, undefined),
    })
  }

  /** For the shared body: all was given. */
  finish(failure: TrafficError | undefined, trailers: HeaderList | undefined): void {
    const { sink } = this
    this.sink = undefined
    this.room = false
    this.left()
    if (failure === undefined) sink?.end(trailers)
    else sink?.fail(failure)
  }

  /** It gets no more, and whoever reads it learns why. */
  abort(error: TrafficError): void {
    const { sink } = this
    if (this.failure !== undefined) return
    this.cancel(error)
    sink?.fail(error)
  }
}

function tooSlow(limit: number): TrafficError {
  return new TrafficError(
    'downstream_too_slow',
    `read too slowly: more than ${limit} bytes behind the others that share this response`,
    { phase: 'response-body' },
  )
}
