import type { Socket } from 'node:net'
import type { Clock, Timer } from '@headgate/core'
import type { ListenerTlsConfig } from '../features/tls/setting.ts'

/** One that is not finished. */
interface Handshake {
  readonly socket: Socket
  readonly timer: Timer
  readonly began: number
}

/**
 * How long a handshake keeps its place where others want it. Clients that go on with theirs need less, also those far away; who holds half of one
 * loses it to the next that comes. Milliseconds.
 */
const TURN = 1_000

/** The handshakes of a listener that are not finished: how long each may take, and how many there may be. */
export class Handshakes {
  private readonly clock: Clock
  private readonly refused: (socket: Socket) => void
  /** By who the peer is, the one that began first in front. */
  private readonly pending = new Map<string, Handshake>()

  /** @param refused told of each that is ended, or not begun, for want of room */
  constructor(clock: Clock, refused: (socket: Socket) => void) {
    this.clock = clock
    this.refused = refused
  }

  /**
   * Gives a connection its time: the timeout of node:tls begins anew with each byte. A unix socket does not tell one peer from another, and has
   * that one alone. Where there are too many, the one that began first has to go if it has had its turn, else the new one.
   * @returns whether it may go on
   */
  begin(
    socket: Socket,
    { handshakeTimeout, maxHandshakes }: Pick<ListenerTlsConfig, 'handshakeTimeout' | 'maxHandshakes'>,
  ): boolean {
    const peer = peerOf(socket)
    if (peer === undefined) return true
    const began = this.clock.now()
    const [first] = this.pending
    if (this.pending.size >= maxHandshakes && first !== undefined) {
      const [its, handshake] = first
      const hasHadItsTurn = began - handshake.began >= TURN
      const leaving = hasHadItsTurn ? handshake.socket : socket
      this.refused(leaving)
      leaving.destroy()
      if (!hasHadItsTurn) return false
      this.forget(its)
    }
    const timer = this.clock.timer(() => socket.destroy())
    timer.arm(handshakeTimeout)
    this.pending.set(peer, { socket, timer, began })
    socket.once('close', () => {
      if (this.pending.get(peer)?.timer === timer) this.forget(peer)
    })
    return true
  }

  /** Of what has become TLS: the connection that carries it; undefined where that is not known. */
  carrierOf(secured: Socket): Socket | undefined {
    return this.pending.get(peerOf(secured) ?? '')?.socket
  }

  /** What it has become is no handshake any more. */
  finished(secured: Socket): void {
    const peer = peerOf(secured)
    if (peer !== undefined) this.forget(peer)
  }

  private forget(peer: string): void {
    this.pending.get(peer)?.timer.disarm()
    this.pending.delete(peer)
  }
}

function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress} ${remotePort} ${localAddress}`
}
