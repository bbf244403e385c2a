import { asBuffer, type Body, type BodySink } from '../../../message/body.ts'
import type { TrafficError } from '../../../message/errors.ts'
import type { Blocks } from './blocks.ts'
import type { Views } from './views.ts'

/** Bytes that are copied out for one write. */
const CHUNK = 64 * 1024
/** Bytes that are lent for one write. */
const LENT = 1024 * 1024
/** Bytes after which the event loop has its turn, where the sink asks for none. */
const TURN = 4 * 1024 * 1024

/**
 * A part of a large content: lent, as it lies in memory, to a sink that gives it back, else copied out as it is asked for. Who
 * made it sees to it that the blocks stay until `done`.
 */
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
  /** Parts that the sink has not given back. */
  private lent = 0

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
      const before = this.left
      this.wanted = false
      let goesOn: boolean
      if (sink.lend === undefined) {
        chunk ??= asBuffer(new Uint8Array(Math.min(CHUNK, this.left)))
        goesOn = sink.write(this.copyTo(chunk))
        if (sink.holdsNothing !== true) chunk = undefined
      } else goesOn = this.lendTo(sink)
      passed += before - this.left
      if (this.over) return
      if (!goesOn && !this.wanted && this.left > 0) return
    }
    this.finish()
    sink.end()
  }

  /**
   * Lends what goes into one write, in as many pieces as it lies in: a wait between them would cost a turn of the event loop each, and
   * memory that is lent takes none more. @returns whether the sink has room for more
   */
  private lendTo(sink: BodySink): boolean {
    let goesOn = true
    for (let room = LENT; room > 0 && this.left > 0 && !this.over; ) {
      const piece = this.next(room)
      room -= piece.byteLength
      this.lent++
      goesOn = sink.lend?.(piece, this.returned) ?? false
    }
    return goesOn
  }

  /** @returns the part of `target` that is filled */
  private copyTo(target: Buffer): Buffer {
    const part = target.subarray(0, Math.min(target.length, this.left))
    for (let at = 0; at < part.length; ) at += this.next(part.length - at).copy(part, at)
    return part
  }

  /** The next bytes as they lie in memory, up to `most`: blocks that follow each other are one. */
  private next(most: number): Buffer {
    const { size } = this.blocks
    if (this.block === undefined) throw new TypeError('a stored content ends before its length')
    const wanted = Math.min(most, this.left)
    const start = this.block * size + this.offset
    let last = this.block
    while ((last + 1) * size - start < wanted && this.blocks.next(last) === last + 1) last++
    const end = Math.min((last + 1) * size, start + wanted)
    this.block = end === (last + 1) * size ? this.blocks.next(last) : last
    this.offset = end % size
    this.left -= end - start
    return this.views.bytes.subarray(start, end)
  }

  private readonly returned = (): void => {
    this.lent--
    if (this.over && this.lent === 0) this.done()
  }

  private finish(): void {
    if (this.over) return
    this.over = true
    if (this.lent === 0) this.done()
  }
}
