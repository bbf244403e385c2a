import type { Socket } from 'node:net'
import type { PaceLimits } from '../message/exchange-times.ts'
import { WriteWatch } from '../socket/write-watch.ts'
import type { Clock } from '../time/clock.ts'
import { BufferPool } from './buffer-pool.ts'
import { TurnEnd } from './turn-end.ts'
import { type ByteOutput, WriteBuffer } from './write-buffer.ts'

/** Of this thread: each has its own copy of this module. */
const pool = new BufferPool()
const turnEnd = new TurnEnd()

/** Told what becomes of what is written. */
export interface SocketOutputOwner {
  /** The socket has taken all that it was given, and there is room again. */
  roomAgain(): void
  /** It takes what it was given too slowly. */
  tooSlow(): void
}

/** Writes to a socket what a connection's buffer brings, one write at a time, and judges how fast the peer takes it. */
export class SocketOutput implements ByteOutput {
  readonly buffer: WriteBuffer
  private readonly socket: Socket
  private readonly owner: SocketOutputOwner
  private readonly watch: WriteWatch
  private waiting = false

  constructor(socket: Socket, clock: Clock, pace: PaceLimits, owner: SocketOutputOwner) {
    this.socket = socket
    this.owner = owner
    this.buffer = new WriteBuffer(this, turnEnd, pool)
    this.watch = new WriteWatch(socket, clock, pace, () => owner.tooSlow())
  }

  write(bytes: Buffer): boolean {
    this.socket.write(bytes, this.written)
    if (this.socket.writableLength === 0) return true
    this.waiting = true
    this.watch.start()
    return false
  }

  /** The same function for each write: node:stream then calls it for all of a turn at once. */
  private readonly written = (): void => {
    // After an error there is nothing more to write; 'close' follows.
    if (!this.waiting || this.socket.writableLength > 0 || this.socket.destroyed) return
    this.waiting = false
    this.watch.stop()
    this.buffer.drained()
    if (!this.waiting) this.owner.roomAgain()
  }

  /** The socket is gone. */
  close(): void {
    this.waiting = false
    this.watch.stop()
    this.buffer.close()
    this.buffer.drained()
  }
}
