import type { Socket } from 'node:net'
import { type BodySink, type BodySource, StreamBody } from '../message/body.ts'
import { joinTunnel, tunnelCut } from '../message/join-tunnel.ts'
import type { Tunnel } from '../message/response.ts'
import type { Clock } from '../time/clock.ts'
import type { Timer } from '../time/timer.ts'
import { onWriteFailure } from '../socket/write-failure.ts'
import { bytesTaken } from '../socket/write-watch.ts'

/** Milliseconds in which a peer must take something of what is left for it, once the other end is gone. */
const LINGER = 2_000

/**
 * One end of a connection that has switched protocols: bytes pass through it both ways, each direction ends on its own
 * (half-close), and both are cut when nothing passes for long.
 */
export class TunnelEnd implements Tunnel, BodySink, BodySource {
  readonly incoming: StreamBody
  /** Bytes written so far. */
  written = 0
  private readonly socket: Socket
  private readonly idle: Timer
  private readonly idleTimeout: number
  private readonly clock: Clock
  private drainListener: (() => void) | undefined
  private goneListener: (() => void) | undefined
  /** The peer takes nothing more: what it sent before is still passed on. */
  private deaf = false
  /** The peer has closed its side. */
  private heard = false
  private leaving = false
  private taken = 0
  /** `clock.now()` when something was written last. */
  private lastWrite = -Infinity

  constructor(socket: Socket, clock: Clock, idleTimeout: number) {
    this.socket = socket
    this.idleTimeout = idleTimeout
    this.clock = clock
    this.incoming = new StreamBody(undefined, this)
    this.idle = clock.timer(() => this.timedOut())
    this.idle.arm(idleTimeout)
    onWriteFailure(socket, () => {
      // All that it sent has been read.
      if (this.heard) return false
      this.deaf = true
      this.drainListener?.()
      return true
    })
  }

  get outgoing(): BodySink {
    return this
  }

  onDrain(listener: () => void): void {
    this.drainListener = listener
  }

  onGone(listener: () => void): void {
    this.goneListener = listener
  }

  /** Bytes came from the socket; returns whether their memory may be used again. */
  read(chunk: Buffer): boolean {
    if (!this.leaving) this.idle.arm(this.idleTimeout)
    if (!this.incoming.push(chunk)) this.socket.pause()
    return this.incoming.holdsNothing
  }

  get holdsNothing(): boolean {
    return this.deaf || this.socket.writableLength === 0
  }

  /** The peer closed its side. */
  ended(): void {
    this.heard = true
    // Nothing can be said to it any more: the end is that of both sides.
    if (this.deaf) this.socket.destroy()
    else this.incoming.end()
  }

  /** The socket has room again. */
  drained(): void {
    this.drainListener?.()
  }

  /** The socket is closed. */
  gone(): void {
    this.idle.disarm()
    this.incoming.fail(tunnelCut())
    this.goneListener?.()
  }

  write(chunk: Uint8Array): boolean {
    if (this.deaf) return true
    this.idle.arm(this.idleTimeout)
    this.lastWrite = this.clock.now()
    this.written += chunk.byteLength
    return this.socket.write(chunk)
  }

  end(): void {
    this.socket.end()
  }

  fail(): void {
    this.leave()
  }

  resumeBody(): void {
    this.socket.resume()
  }

  cancelBody(): void {
    this.leave()
  }

  /**
   * The other end is gone: nothing that comes here has a place to go. But what came from there is still written, as a close
   * frame that arrived before a reset, and the peer gets time to read it: closed at once, the kernel might answer what the peer
   * sends with a reset, which can destroy it (as in RFC 9112 9.6).
   */
  private leave(): void {
    if (this.leaving || this.socket.destroyed) return
    this.leaving = true
    this.incoming.cancel(tunnelCut())
    const unread = this.socket.writableLength > 0 || this.clock.now() - this.lastWrite < LINGER
    if (this.deaf || !unread) return void this.socket.destroy()
    this.socket.end()
    this.socket.resume()
    this.wait()
  }

  private wait(): void {
    this.taken = bytesTaken(this.socket)
    this.idle.arm(LINGER)
  }

  private timedOut(): void {
    if (this.leaving && bytesTaken(this.socket) > this.taken) this.wait()
    else this.socket.destroy()
  }
}

/** Makes the downstream end of a tunnel, joined to the upstream's. */
export function openTunnel(socket: Socket, upstream: Tunnel, clock: Clock, idleTimeout: number): TunnelEnd {
  const end = new TunnelEnd(socket, clock, idleTimeout)
  joinTunnel(end, upstream)
  return end
}
