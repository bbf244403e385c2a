import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type Clock, type Peer, peerOf, type Protocol, TrafficError } from '@headgate/core'

const TOO_MANY = 'too many connections\n'
const TOO_MANY_RESPONSE = `HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\ncontent-length: ${TOO_MANY.length}\r\nretry-after: 1\r\nconnection: close\r\n\r\n${TOO_MANY}`

/** The same over HTTP/2: empty SETTINGS, and GOAWAY with ENHANCE_YOUR_CALM before any stream (RFC 9113 3.4, 6.8). */
const TOO_MANY_STREAMS = Buffer.from('000000040000000000000008070000000000000000000000000b', 'hex')

/** How long the first bytes of a connection are waited for, which say what it speaks. Milliseconds. */
const FIRST_BYTES = 1_000
/** So many are waited for at a time, as each holds a descriptor that is needed elsewhere; those beyond are told over HTTP/1.1 at once. */
const MOST_WAITING = 8

/** Ends connections beyond `maxConnections`: each is told why in the protocol that it speaks, and no request is read. */
export class Refusals {
  private readonly clock: Clock
  private readonly told: (error: TrafficError, peer: Peer, bytesSent: number) => void
  private waiting = 0

  constructor(clock: Clock, told: (error: TrafficError, peer: Peer, bytesSent: number) => void) {
    this.clock = clock
    this.told = told
  }

  refuse(socket: Socket, protocols: readonly Protocol[]): undefined {
    const encrypted = socket instanceof TLSSocket
    socket.on('error', () => {})
    const known = encrypted ? socket.alpnProtocol === 'h2' : spokenAlone(protocols)
    if (known === undefined && this.waiting < MOST_WAITING) this.ask(socket)
    else end(socket, known === true)
    const error = new TrafficError('too_many_connections', 'the listener has maxConnections open')
    this.told(error, peerOf(socket), TOO_MANY.length)
  }

  /** With prior knowledge a client begins with the preface (RFC 9113 3.3): its first word is no method that is in use. */
  private ask(socket: Socket): void {
    this.waiting++
    const timer = this.clock.timer(() => answer(undefined))
    const answer = (first: Buffer | undefined): void => {
      this.waiting--
      timer.disarm()
      socket.off('data', answer).off('end', gone).off('close', gone)
      end(socket, first?.toString('latin1', 0, 4) === 'PRI ')
    }
    const gone = (): void => answer(undefined)
    timer.arm(FIRST_BYTES)
    socket.once('data', answer).once('end', gone).once('close', gone)
  }
}

/** Whether that is HTTP/2, where a listener without TLS speaks one version; undefined where it speaks both. */
function spokenAlone(protocols: readonly Protocol[]): boolean | undefined {
  if (!protocols.includes('h2')) return false
  return protocols.includes('http/1.1') ? undefined : true
}

function end(socket: Socket, isHttp2: boolean): void {
  socket.end(isHttp2 ? TOO_MANY_STREAMS : TOO_MANY_RESPONSE, 'latin1', () => socket.destroySoon())
  socket.resume()
}
