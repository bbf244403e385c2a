import type { Socket } from 'node:net'
import type { Clock } from '../time/clock.ts'
import type { Timer } from '../time/timer.ts'
import type { PaceLimits } from '../message/exchange-times.ts'

/** Judges a peer that should take what is queued for it: in each idle period it must take what the minimum rate asks. */
export class WriteWatch {
  private readonly socket: Socket
  private readonly limits: PaceLimits
  private readonly timer: Timer
  private taken = 0

  /** @param slow called when the peer is judged too slow */
  constructor(socket: Socket, clock: Clock, limits: PaceLimits, slow: () => void) {
    this.socket = socket
    this.limits = limits
    this.timer = clock.timer(() => {
      if (isTakenFastEnough(bytesTaken(this.socket) - this.taken, this.limits)) this.start()
      else slow()
    })
  }

  /** The socket's buffer is full: it is the peer's turn. */
  start(): void {
    this.taken = bytesTaken(this.socket)
    this.timer.arm(judgedEvery(this.limits))
  }

  stop(): void {
    this.timer.disarm()
  }
}

/** Whether `taken` bytes in the period of `judgedEvery` are what the minimum rate asks. */
export function isTakenFastEnough(taken: number, limits: PaceLimits): boolean {
  return taken > 0 && taken >= (limits.minimumRate * judgedEvery(limits)) / 1000
}

/** Milliseconds in which something must be taken: where no pause is too long, the rate still asks for its share. */
export function judgedEvery({ idle, minimumRate, grace }: PaceLimits): number {
  return idle === Infinity && minimumRate > 0 ? Math.max(grace, 1_000) : idle
}

/**
 * Bytes that the peer, or the kernel for it, has taken so far. `writableLength` shrinks only when a whole write is through,
 * which for a slow peer and a write of 64 KiB may take minutes; the handle, which is not public, knows better.
 */
export function bytesTaken(socket: Socket): number {
  const handle = (socket as { readonly _handle?: WriteHandle | null })._handle
  if (typeof handle?.bytesWritten !== 'number') return socket.bytesWritten - socket.writableLength
  return handle.bytesWritten - (handle.writeQueueSize ?? 0)
}

/** The parts of a handle that count: bytes handed to it, and those of them that still wait in it. */
interface WriteHandle {
  readonly bytesWritten?: number
  readonly writeQueueSize?: number
}
