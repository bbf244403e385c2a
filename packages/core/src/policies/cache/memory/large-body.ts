import { asBuffer, type Body, type BodySink } from '../../../message/body.ts'
import type { TrafficError } from '../../../message/errors.ts'
import type { Blocks } from './blocks.ts'
import type { Views } from './views.ts'

/** Bytes that are copied out for one write. */
const CHUNK = 64 * 1024
/** Bytes after which the event loop has its turn, where the sink asks for none. */
const TURN = 4 * 1024 * 1024

/** A part of a large content, copied out as it is asked for. Who made it sees to it that the blocks stay until `done`. */
export class LargeBody implements Body {
  readonly length: number
  readonly whole = undefined
  private readonly views: Views
  private readonly blocks: Blocks
  private readonly first: number
  private readonly begin: number
  private readonly done: () => void
  private readonly reopen: () => Body
  private block: number | undefined
  /** Where in the block. */
  private offset = 0
  private left: number
  private sink: BodySink | undefined
  private flowing = false
  private wanted = false
  private over = false

  /**
   * @param first the first block of the content
   * @param begin how many bytes of it are left out
   */
  constructor(
    views: Views,
    blocks: Blocks,
    first: number,
    begin: number,
    length: number,
    done: () => void,
    reopen: () => Body,
  ) {
    this.views = views
    this.blocks = blocks
    this.first = first
    this.begin = begin
    this.length = length
    this.left = length
    this.done = done
    this.reopen = reopen
  }

  readonly replay = (): Body => {
    const body = this.reopen()
    this.finish()
    return body
  }

  /** @throws TypeError if it flows already: a stream can be read once. */
  flowTo(sink: BodySink): void {
    if (this.sink !== undefined)
      throw new TypeError('this body has already been read: a streamed body flows once')
    this.sink = sink
    this.block = this.first
    this.offset = this.begin % this.blocks.size
    for (let skipped = this.blocks.size; skipped <= this.begin; skipped += this.blocks.size)
      this.block = this.block === undefined ? undefined : this.blocks.next(this.block)
    this.resume()
  }

  resume(): void {
    // A sink may ask for more from within its `write`.
    this.wanted = true
    if (this.flowing || this.over || this.sink === undefined) return
    this.flowing = true
    try {
      this.flow(this.sink)
    } finally {
      this.flowing = false
    }
  }

  cancel(_error: TrafficError): void {
    this.finish()
  }

  private flow(sink: BodySink): void {
    let chunk: Buffer | undefined
    for (let passed = 0; this.left > 0; ) {
      if (passed >= TURN) {
        setImmediate(() => this.resume())
        return
      }
      chunk ??= asBuffer(new Uint8Array(Math.min(CHUNK, this.left)))
      const part = chunk.subarray(0, Math.min(chunk.length, this.left))
      this.copyTo(part)
      this.left -= part.length
      passed += part.length
      this.wanted = false
      const goesOn = sink.write(part) || this.wanted
      if (sink.holdsNothing !== true) chunk = undefined
      if (this.over) return
      if (!goesOn && this.left > 0) return
    }
    this.finish()
    sink.end()
  }

  private copyTo(target: Buffer): void {
    const { bytes } = this.views
    const { size } = this.blocks
    for (let at = 0; at < target.length; ) {
      if (this.block === undefined) throw new TypeError('a stored content ends before its length')
      // Blocks that follow each other in memory are one copy.
      let end = (this.block + 1) * size
      let last = this.block
      const start = this.block * size + this.offset
      while (end - start < target.length - at && this.blocks.next(last) === last + 1) {
        last++
        end += size
      }
      const count = Math.min(end - start, target.length - at)
      bytes.copy(target, at, start, start + count)
      at += count
      const reached = start + count
      this.block = reached === end ? this.blocks.next(last) : Math.floor(reached / size)
      this.offset = reached % size
    }
  }

  private finish(): void {
    if (this.over) return
    this.over = true
    this.done()
  }
}
