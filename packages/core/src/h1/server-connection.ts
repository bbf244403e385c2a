import type { Socket } from 'node:net'
import { type Body, EMPTY_BODY, StreamBody } from '../message/body.ts'
import { TrafficError } from '../message/errors.ts'
import { Exchange, type Peer } from '../message/exchange.ts'
import type { Handler } from '../message/handler.ts'
import type { HeaderList } from '../message/headers.ts'
import type { HttpResponse, Tunnel } from '../message/response.ts'
import type { Timer } from '../time/timer.ts'
import type { ServerConnectionOptions } from './connection-options.ts'
import { WireFault } from './fault.ts'
import { NO_BODY } from './framing.ts'
import { parseRequestHead } from './head.ts'
import { type FoundHead, HeadBuffer, wholeBody } from './head-buffer.ts'
import { IncomingBody, type IncomingBodyOwner } from './incoming-body.ts'
import { type Intake, takeIn } from './intake.ts'
import { ResponseWriter } from './response-writer.ts'
import { type ReadTarget, SocketReader } from './socket-reader.ts'
import { after, SERVER_STATES, type ServerEvent, type ServerState } from './states.ts'
import { joinTunnel, TunnelEnd } from './tunnel.ts'
import { informationalHead } from './write-head.ts'
import { isTakenFastEnough, octetsTaken } from './write-watch.ts'

/** Whoever accepted the connection. */
export interface ServerConnectionOwner {
  /** Answers requests; it never rejects for long: a rejection is turned into a bare response by `refusal`. */
  readonly handler: Handler
  /** The response for a request that could not be accepted, or that the handler rejected. */
  refusal(error: TrafficError, exchange: Exchange | undefined): HttpResponse
  closed(connection: ServerConnection): void
}

/**
 * One HTTP/1.1 connection on which requests arrive: reads octets, makes exchanges of them one at a time, and writes the
 * responses in order. The rows of `SERVER_STATES` are its life.
 */
export class ServerConnection implements IncomingBodyOwner, ReadTarget {
  readonly socket: Socket
  readonly peer: Peer
  private readonly owner: ServerConnectionOwner
  private readonly options: ServerConnectionOptions
  private readonly head: HeadBuffer
  private readonly timer: Timer
  private state: ServerState = 'idle'
  private exchange: Exchange | undefined
  /** What the peer asked: a policy may change the request on its way, but not what the peer waits for. */
  private method = ''
  private upgrade: string | undefined
  /** The request's content as it came; a policy may have put another in its place. */
  private content: Body = EMPTY_BODY
  private persistent = true
  private incoming: IncomingBody | undefined
  private writer: ResponseWriter | undefined
  private tunnel: TunnelEnd | undefined
  /** Octets behind the present request, not looked at before it is answered. */
  private pending: Buffer | undefined
  private peerEnded = false
  /** How long the peer may still bring a request, once no more are wanted. */
  private grace: number | undefined
  private takenAtLinger = 0

  constructor(socket: Socket, owner: ServerConnectionOwner, options: ServerConnectionOptions) {
    this.socket = socket
    this.owner = owner
    this.options = options
    this.head = new HeadBuffer(options.limits.head, true)
    this.peer = {
      address: socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, '') ?? '',
      port: socket.remotePort ?? 0,
      encrypted: 'encrypted' in socket,
    }
    this.timer = options.clock.timer(() => this.timedOut())
    this.timer.arm(options.requestHeadTimeout)
    socket.setNoDelay(true)
    const reader = new SocketReader()
    reader.target = this
    reader.attach(socket)
    socket.on('end', () => this.ended())
    socket.on('drain', () => this.drained())
    socket.on('error', () => {}) // 'close' follows and says all that matters
    socket.on('close', () => this.gone())
  }

  /** No further exchange after the present one; an idle connection gets `grace` milliseconds to bring a last request. */
  drain(grace: number): void {
    this.grace = grace
    if (this.state === 'idle') this.timer.arm(grace)
  }

  destroy(): void {
    this.socket.destroy()
  }

  private move(event: ServerEvent): void {
    this.state = after(SERVER_STATES, this.state, event)
  }

  get streaming(): boolean {
    return this.incoming !== undefined || this.tunnel !== undefined
  }

  read(chunk: Buffer, owned: boolean): boolean {
    switch (this.state) {
      case 'idle':
      case 'head':
        this.readHead(chunk)
        return true
      case 'exchange':
      case 'discarding':
        if (this.incoming !== undefined) return this.incoming.read(owned ? chunk : Buffer.from(chunk))
        this.hold(chunk)
        return true
      case 'tunnel':
        return this.tunnel?.read(owned ? chunk : Buffer.from(chunk)) ?? true
      default:
        return true // lingering, closed: thrown away
    }
  }

  private readHead(chunk: Buffer): void {
    const found = this.head.take(chunk)
    if (found === undefined) {
      if (this.state === 'idle') this.timer.arm(this.options.requestHeadTimeout)
      this.move('octets')
    } else if (found === 'too-large') {
      this.refuse(new WireFault('request_head_too_large', `the head is larger than ${this.options.limits.head} octets`))
    } else if (found === 'line-too-large') {
      const reason = `the request line is larger than ${this.options.limits.head} octets`
      this.refuse(new WireFault('request_target_too_long', reason))
    } else if (found instanceof WireFault) this.refuse(found)
    else this.accept(found)
  }

  private accept(found: FoundHead): void {
    const head = parseRequestHead(found, this.options.limits)
    if (head instanceof WireFault) return this.refuse(head)
    const intake = takeIn(head, this.peer.encrypted ? 'https' : 'http')
    if (intake instanceof WireFault) return this.refuse(intake)
    this.move('request')
    this.timer.hold()
    this.persistent = intake.persistent
    this.method = intake.request.method
    this.upgrade = intake.request.upgrade
    const exchange = new Exchange(intake.request, this.options.clock, this.peer)
    this.exchange = exchange
    if (intake.request.version === '1.1') exchange.inform = this.inform
    this.beginBody(intake, found)
    this.content = intake.request.body
    if (exchange.cancellation !== undefined) this.failed(exchange.cancellation)
    else this.handle(exchange)
  }

  private handle(exchange: Exchange): void {
    try {
      this.owner.handler(exchange).then(this.answer, this.failed)
    } catch (thrown) {
      // A handler that throws instead of rejecting must not bring the process down.
      this.failed(thrown)
    }
  }

  /** Gives the request its body: here already, or still to come. */
  private beginBody(intake: Intake, found: FoundHead): void {
    const { framing, request } = intake
    const { buffer, next } = found
    const here = buffer.length - next
    if (framing === NO_BODY || (framing > 0 && here >= framing)) {
      if (framing > 0) request.body = wholeBody(found, framing)
      if (here > framing) this.hold(buffer.subarray(next + framing))
      return
    }
    const continueOwed = intake.expectsContinue && here === 0
    this.incoming = new IncomingBody(this.socket, framing, continueOwed, this.options, this)
    request.body = this.incoming.stream
    if (here > 0) this.incoming.read(Buffer.from(buffer.subarray(next)))
  }

  bodyRead(behind: Buffer | undefined): void {
    this.incoming = undefined
    if (behind !== undefined) this.hold(behind)
    if (this.state === 'discarding') this.next('discarded')
  }

  bodyBroken(error: TrafficError): void {
    this.incoming = undefined
    this.persistent = false
    if (this.state === 'discarding') this.close()
    else this.exchange?.cancel(error)
  }

  continueWanted(): void {
    if (!this.writer?.begun) this.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1')
  }

  private hold(octets: Buffer): void {
    // Copied: the octets may stand in a buffer that the next read overwrites.
    this.pending = Buffer.concat(this.pending === undefined ? [octets] : [this.pending, octets])
    this.socket.pause()
  }

  private readonly inform = (status: number, headers: HeaderList): void => {
    if (this.state === 'exchange' && !this.writer?.begun) this.socket.write(informationalHead(status, headers), 'latin1')
  }

  private refuse(fault: WireFault): void {
    const response = this.owner.refusal(fault.toError('request-head'), undefined)
    this.move('refused')
    const writer = new ResponseWriter(this.socket, this.options, () => {})
    writer.begin(response, { method: 'GET', version: '1.1', upgrade: undefined, last: true })
    this.linger()
  }

  private readonly failed = (thrown: unknown): void => {
    if (this.exchange !== undefined) this.answer(this.owner.refusal(TrafficError.from(thrown), this.exchange))
  }

  private readonly answer = (response: HttpResponse): void => {
    const { exchange } = this
    if (this.state !== 'exchange' || exchange === undefined) {
      // The peer left meanwhile.
      return discard(response, new TrafficError('downstream_closed', 'the peer has left'))
    }
    this.writer = new ResponseWriter(this.socket, this.options, this.responseDone)
    const { method, upgrade } = this
    const { version } = exchange.request
    try {
      this.writer.begin(response, { method, version, upgrade, last: this.isLast() })
    } catch (thrown) {
      return this.unwritable(exchange, response, TrafficError.from(thrown))
    }
    if (response.tunnel !== undefined) this.switchProtocols(response.tunnel)
  }

  /** A policy put something into the response that must not get out. */
  private unwritable(exchange: Exchange, response: HttpResponse, error: TrafficError): void {
    exchange.error = error
    discard(response, error)
    // Once its head is out, no other response may follow.
    if (this.writer?.begun) return this.writer.abandon(error)
    const { method, upgrade } = this
    const { version } = exchange.request
    this.writer?.begin(this.owner.refusal(error, exchange), { method, version, upgrade, last: true })
  }

  /** Whether this response ends the connection, as far as can be told when its head is written. */
  private isLast(): boolean {
    if (!this.persistent || this.grace !== undefined) return true
    if (this.peerEnded && this.pending === undefined) return true
    // What came behind a refused Upgrade was meant for another protocol, or to be smuggled.
    if (this.upgrade !== undefined && this.pending !== undefined) return true
    return this.incoming?.notWorthReading ?? false
  }

  private switchProtocols(upstream: Tunnel): void {
    this.move('switched')
    this.timer.disarm()
    this.tunnel = new TunnelEnd(this.socket, this.options.clock, this.options.tunnelIdleTimeout)
    joinTunnel(this.tunnel, upstream)
    const early = this.pending
    this.pending = undefined
    if (early !== undefined) this.tunnel.read(early)
    if (this.peerEnded) this.tunnel.ended()
    else this.socket.resume()
  }

  /** The response's body is written, or broken. */
  private readonly responseDone = (error: TrafficError | undefined): void => {
    const { exchange, writer } = this
    if (exchange === undefined || writer === undefined) return
    if (error !== undefined) {
      // In this order: what has finished cannot be cancelled any more.
      exchange.cancel(error)
      this.conclude(error)
      // Cut off, so that it cannot look complete; a reset where the framing would allow it to.
      if (writer.untilClose) this.socket.resetAndDestroy()
      else this.socket.destroy()
      return
    }
    this.conclude(undefined)
    if (writer.last) return this.close()
    if (this.incoming === undefined) return this.next('answered')
    this.move('answered-early')
    this.incoming.discard()
  }

  private conclude(error: TrafficError | undefined): void {
    const { exchange, writer, content } = this
    if (exchange === undefined) return
    exchange.finish({
      status: writer?.status,
      error: error ?? exchange.error,
      bytesSent: writer?.bodyBytes ?? 0,
      bytesReceived: content instanceof StreamBody ? content.received : (content.length ?? 0),
    })
    this.exchange = undefined
    this.writer = undefined
    this.content = EMPTY_BODY
  }

  /** On to the next request: what is pipelined already, or what comes. */
  private next(event: ServerEvent): void {
    this.move(event)
    if (this.peerEnded && this.pending === undefined) return this.close()
    this.timer.arm(this.grace ?? this.options.keepAliveTimeout)
    if (this.socket.writableNeedDrain) {
      // A peer that does not read is not answered further: `drained` goes on.
      this.socket.pause()
      return
    }
    if (this.pending === undefined && !this.socket.isPaused()) return
    // Later, so that a long pipeline does not grow the stack.
    setImmediate(() => this.readPending())
  }

  private readPending(): void {
    if (this.state !== 'idle') return
    const octets = this.pending
    this.pending = undefined
    if (octets !== undefined) this.readHead(octets)
    if (this.pending !== undefined || this.incoming !== undefined) return
    if (this.peerEnded && (this.state === 'idle' || this.state === 'head')) this.close()
    else this.socket.resume() // during an exchange, too: else nobody would notice that the peer leaves
  }

  private drained(): void {
    if (this.state === 'tunnel') this.tunnel?.drained()
    else if (this.writer !== undefined) this.writer.drained()
    else if (this.state === 'idle') this.readPending()
  }

  /** The peer has closed its side; it may still read. */
  private ended(): void {
    this.peerEnded = true
    switch (this.state) {
      case 'exchange':
        // Half a request, and the other half will never come.
        if (this.incoming !== undefined) this.socket.destroy()
        else this.timer.arm(this.options.halfClosedTimeout)
        break
      case 'tunnel':
        this.tunnel?.ended()
        break
      case 'idle':
        if (this.pending === undefined) this.close()
        break
      default:
        this.close()
    }
  }

  private timedOut(): void {
    if (this.state === 'head') {
      this.refuse(new WireFault('request_timeout', 'the request head did not come in time'))
    } else if (this.state === 'idle') this.close()
    else if (this.state === 'lingering') this.lingeredEnough()
    else this.socket.destroy()
  }

  /** A slow peer may still be taking the response; one that takes nothing, or has it all, has had its time. */
  private lingeredEnough(): void {
    const taken = octetsTaken(this.socket) - this.takenAtLinger
    const all = this.socket.writableLength === 0
    if (all ? taken > 0 : isTakenFastEnough(taken, this.options.pace)) this.linger()
    else this.socket.destroy()
  }

  /** Ends the connection properly: our side now, the other when the peer does, or after a while. */
  private close(): void {
    if (this.state === 'lingering' || this.state === 'closed') return
    this.move('last')
    this.linger()
  }

  private linger(): void {
    this.pending = undefined
    this.incoming?.stop(new TrafficError('cancelled', 'the connection is being closed'))
    this.incoming = undefined
    this.socket.end()
    this.socket.resume()
    this.takenAtLinger = octetsTaken(this.socket)
    this.timer.arm(this.socket.writableLength > 0 ? this.options.pace.idle : this.options.lingerTimeout)
  }

  private gone(): void {
    const switched = this.state === 'tunnel'
    this.move('gone')
    this.timer.disarm()
    this.tunnel?.gone()
    if (switched) this.conclude(undefined)
    const error = new TrafficError('downstream_closed', 'the peer closed the connection before its response was complete')
    this.incoming?.stop(error)
    this.incoming = undefined
    const exchange = this.exchange
    if (exchange !== undefined) {
      // In this order: what has finished cannot be cancelled any more.
      exchange.cancel(error)
      this.writer?.abandon(error)
      this.conclude(error)
    }
    this.owner.closed(this)
  }
}

/** Nobody gets this response. */
function discard(response: HttpResponse, error: TrafficError): void {
  response.body.cancel(error)
  response.tunnel?.outgoing.fail(error)
}
