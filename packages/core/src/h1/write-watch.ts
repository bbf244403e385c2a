import type { Socket } from 'node:net'
import type { Clock, Timer } from '../time/clock.ts'
import type { PaceLimits } from './pace.ts'

/** Judges a peer that should take what is queued for it: in each idle period it must take what the minimum rate asks. */
export class WriteWatch {
  private readonly socket: Socket
  private readonly limits: PaceLimits
  private readonly timer: Timer
  private queued = 0

  /** @param slow called when the peer is judged too slow */
  constructor(socket: Socket, clock: Clock, limits: PaceLimits, slow: () => void) {
    this.socket = socket
    this.limits = limits
    this.timer = clock.timer(() => {
      const taken = this.queued - octetsQueued(this.socket)
      if (taken > 0 && taken >= (this.limits.minimumRate * this.limits.idle) / 1000) this.start()
      else slow()
    })
  }

  /** The socket's buffer is full: it is the peer's turn. */
  start(): void {
    this.queued = octetsQueued(this.socket)
    this.timer.arm(this.limits.idle)
  }

  stop(): void {
    this.timer.disarm()
  }
}

/**
 * Octets that the peer has not taken yet. `writableLength` shrinks only when a whole write is through, which for a slow
 * peer and a write of 64 KiB may take minutes; the handle, which is not public, knows better.
 */
export function octetsQueued(socket: Socket): number {
  const handle = (socket as { readonly _handle?: { readonly writeQueueSize?: number } | null })._handle
  return socket.writableLength + (handle?.writeQueueSize ?? 0)
}
