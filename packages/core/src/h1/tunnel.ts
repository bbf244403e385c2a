import type { Socket } from 'node:net'
import { type BodySink, type BodySource, StreamBody } from '../message/body.ts'
import { TrafficError } from '../message/errors.ts'
import type { Tunnel } from '../message/response.ts'
import type { Clock } from '../time/clock.ts'
import type { Timer } from '../time/timer.ts'

/**
 * One end of a connection that has switched protocols: octets pass through it both ways, each direction ends on its own
 * (half-close), and both are cut when nothing passes for long.
 */
export class TunnelEnd implements Tunnel, BodySink, BodySource {
  readonly incoming: StreamBody
  private readonly socket: Socket
  private readonly idle: Timer
  private readonly idleTimeout: number
  private drainListener: (() => void) | undefined
  private goneListener: (() => void) | undefined

  constructor(socket: Socket, clock: Clock, idleTimeout: number) {
    this.socket = socket
    this.idleTimeout = idleTimeout
    this.incoming = new StreamBody(undefined, this)
    this.idle = clock.timer(() => socket.destroy())
    this.idle.arm(idleTimeout)
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

  /** Octets came from the socket; answers whether their memory may be used again. */
  read(chunk: Buffer): boolean {
    this.idle.arm(this.idleTimeout)
    if (!this.incoming.push(chunk)) this.socket.pause()
    return this.incoming.holdsNothing
  }

  get holdsNothing(): boolean {
    return this.socket.writableLength === 0
  }

  /** The peer closed its side. */
  ended(): void {
    this.incoming.end()
  }

  /** The socket has room again. */
  drained(): void {
    this.drainListener?.()
  }

  /** The socket is closed. */
  gone(): void {
    this.idle.disarm()
    this.incoming.fail(cut())
    this.goneListener?.()
  }

  write(chunk: Uint8Array): boolean {
    this.idle.arm(this.idleTimeout)
    return this.socket.write(chunk)
  }

  end(): void {
    this.socket.end()
  }

  fail(): void {
    this.socket.destroy()
  }

  resumeBody(): void {
    this.socket.resume()
  }

  cancelBody(): void {
    this.socket.destroy()
  }
}

/** Makes the downstream end of a tunnel, joined to the upstream's. */
export function openTunnel(socket: Socket, upstream: Tunnel, clock: Clock, idleTimeout: number): TunnelEnd {
  const end = new TunnelEnd(socket, clock, idleTimeout)
  joinTunnel(end, upstream)
  return end
}

/** Joins two ends: what comes in at one goes out at the other. */
function joinTunnel(one: Tunnel, other: Tunnel): void {
  join(other, one)
  join(one, other)
}

function join(from: Tunnel, to: Tunnel): void {
  to.onDrain(() => from.incoming.resume())
  to.onGone(() => from.incoming.cancel(cut()))
  from.incoming.flowTo(to.outgoing)
}

function cut(): TrafficError {
  return new TrafficError('upstream_closed', 'the tunnel was cut')
}
