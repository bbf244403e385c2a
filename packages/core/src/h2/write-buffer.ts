import { BUFFER_SIZE, type BufferPool } from './buffer-pool.ts'
import type { Flushable, TurnEnd } from './turn-end.ts'

/** Where written bytes go: a socket. */
export interface ByteOutput {
  /**
   * @returns whether all of it has left by now, so that its memory may be used again; if not, `WriteBuffer.drained` is called when it
   * has, and nothing more is written until then
   */
  write(bytes: Buffer): boolean
}

interface FilledBuffer {
  readonly bytes: Buffer
  readonly length: number
}

/**
 * The bytes that a connection is about to send: written straight into a buffer of the pool, which leaves at the end of the turn, or
 * when it is full. While the output has not taken what it was given, everything waits here: `backlog` tells how much that is, and its
 * owner bounds it, as a peer can have answers made that it never reads.
 */
export class WriteBuffer implements Flushable {
  /** Where to write next, at `position`; call `room` before. */
  bytes: Buffer = NONE
  position = 0
  private readonly output: ByteOutput
  private readonly turnEnd: TurnEnd
  private readonly pool: BufferPool
  /** Full ones that wait for the output. */
  private readonly full: FilledBuffer[] = []
  /** The one that the output has not done with. */
  private leaving: Buffer | undefined = undefined
  /** Bytes that the output was given so far. */
  handed = 0
  private waitingBytes = 0
  private isAdded = false
  private isClosed = false

  constructor(output: ByteOutput, turnEnd: TurnEnd, pool: BufferPool) {
    this.output = output
    this.turnEnd = turnEnd
    this.pool = pool
  }

  /** Whether the output has not taken yet what it was given: only what cannot wait should be written now. */
  get isBlocked(): boolean {
    return this.leaving !== undefined
  }

  /** All that was ever written, whether the output was given it by now or not. Bytes. */
  get written(): number {
    return this.handed + this.waitingBytes + this.position
  }

  /** What is written and not given to the output yet. Bytes. */
  get backlog(): number {
    return this.full.length * BUFFER_SIZE + this.position
  }

  /** Makes room for so many bytes, no more than a buffer holds. */
  room(size: number): void {
    if (this.position + size > this.bytes.length) {
      if (this.isBlocked) this.setAside()
      else this.send()
      this.bytes = this.pool.take()
    }
    if (this.isAdded || this.isBlocked) return
    this.isAdded = true
    this.turnEnd.add(this)
  }

  /** Called at the turn's end. */
  flush(): void {
    this.isAdded = false
    if (!this.isBlocked) this.send()
  }

  /** The output has done with what it was given. */
  drained(): void {
    if (this.leaving === undefined) return
    this.pool.give(this.leaving)
    this.leaving = undefined
    while (this.full.length > 0 && !this.isBlocked) {
      const { bytes, length } = this.full.shift() as FilledBuffer // there is one
      this.waitingBytes -= length
      this.hand(bytes, length)
    }
    if (!this.isBlocked) this.send()
  }

  /** Nothing is sent any more, neither what is written nor what will be. */
  close(): void {
    this.isClosed = true
    for (const { bytes } of this.full.splice(0)) this.pool.give(bytes)
    this.send()
  }

  private send(): void {
    const { bytes, position } = this
    if (position === 0) return
    this.clear()
    this.hand(bytes, position)
  }

  private hand(bytes: Buffer, length: number): void {
    if (this.isClosed) return this.pool.give(bytes)
    this.handed += length
    if (this.output.write(bytes.subarray(0, length))) this.pool.give(bytes)
    else this.leaving = bytes
    return undefined
  }

  private setAside(): void {
    if (this.position === 0) return
    this.full.push({ bytes: this.bytes, length: this.position })
    this.waitingBytes += this.position
    this.clear()
  }

  private clear(): void {
    this.bytes = NONE
    this.position = 0
  }
}

const NONE = Buffer.alloc(0)
