import type { Socket } from 'node:net'
import type { DownstreamConnection } from '../message/connections.ts'
import { TrafficError } from '../message/errors.ts'
import { Exchange, type Peer } from '../message/exchange.ts'
import type { HttpResponse, Tunnel } from '../message/response.ts'
import { after } from '../message/state-table.ts'
import type { Timer } from '../time/timer.ts'
import { ask, discard, type ServerConnectionOwner } from '../message/responder.ts'
import { Answer } from './answer.ts'
import { Backlog } from './backlog.ts'
import type { ServerConnectionOptions } from '../socket/connection-options.ts'
import { WireFault } from './fault.ts'
import { NO_BODY } from './framing.ts'
import { type FoundHead, HeadBuffer, wholeBody } from './head-buffer.ts'
import { IncomingBody, type IncomingBodyOwner } from './incoming-body.ts'
import { type Intake, takeIn } from './intake.ts'
import { Lingering } from '../socket/lingering.ts'
import { peerOf } from '../socket/peer.ts'
import { writeLast } from './response-writer.ts'
import { type ReadTarget, SocketReader } from '../socket/socket-reader.ts'
import { SERVER_STATES, type ServerEvent, type ServerState } from './states.ts'

/**
 * One HTTP/1.1 connection on which requests arrive: reads bytes, makes exchanges of them one at a time, and writes the
 * responses in order. The rows of `SERVER_STATES` are its life.
 */
export class ServerConnection implements DownstreamConnection, IncomingBodyOwner, ReadTarget {
  readonly socket: Socket
  readonly peer: Peer
  private readonly owner: ServerConnectionOwner
  private readonly options: ServerConnectionOptions
  private readonly head: HeadBuffer
  private readonly timer: Timer
  private readonly lingering: Lingering
  private state: ServerState = 'idle'
  /** The exchange under way. */
  private answer: Answer | undefined
  /** The body of its request, while that arrives. */
  private incoming: IncomingBody | undefined
  private readonly backlog: Backlog
  private persistent = true
  private peerEnded = false
  /** How long the peer may still bring a request, once no more are wanted. */
  private grace: number | undefined

  /** @param attached a reader that brings what the socket does already: its reads come here from now on */
  constructor(
    socket: Socket,
    owner: ServerConnectionOwner,
    options: ServerConnectionOptions,
    attached?: SocketReader,
  ) {
    this.socket = socket
    this.owner = owner
    this.options = options
    this.head = new HeadBuffer(options.limits.head, 'malformed_request')
    this.peer = peerOf(socket)
    this.timer = options.clock.timer(() => this.timedOut())
    this.lingering = new Lingering(socket, this.timer, options)
    this.backlog = new Backlog(socket, options.limits.head)
    this.timer.arm(options.requestHeadTimeout)
    socket.setNoDelay(true)
    const reader = attached ?? new SocketReader()
    reader.target = this
    if (attached === undefined) reader.attach(socket)
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

  get streaming(): boolean {
    return this.incoming !== undefined || this.answer?.tunnel !== undefined
  }

  read(chunk: Buffer, owned: boolean): boolean {
    switch (this.state) {
      case 'idle':
      case 'head':
        // What is pipelined already comes first.
        if (this.backlog.isEmpty) this.readHead(chunk, false)
        else this.backlog.add(chunk, false)
        return true
      case 'exchange':
      case 'discarding':
        if (this.incoming !== undefined) return this.incoming.read(owned ? chunk : Buffer.from(chunk), false)
        this.backlog.add(chunk, false)
        return true
      case 'tunnel':
        return this.answer?.tunnel?.read(owned ? chunk : Buffer.from(chunk)) ?? true
      default:
        return true // lingering, closed: thrown away
    }
  }

  private move(event: ServerEvent): void {
    this.state = after(SERVER_STATES, this.state, event)
  }

  /** @param kept whether the bytes stay where they are */
  private readHead(chunk: Buffer, kept: boolean): void {
    const found = this.head.take(chunk)
    if (found instanceof WireFault) this.refuse(found)
    else if (found !== undefined) this.accept(found, kept || found.buffer !== chunk)
    else {
      if (this.state === 'idle') this.timer.arm(this.options.requestHeadTimeout)
      this.move('bytes')
    }
  }

  private accept(found: FoundHead, kept: boolean): void {
    const intake = takeIn(found, this.options, this.peer.encrypted ? 'https' : 'http')
    if (intake instanceof WireFault) return this.refuse(intake)
    this.move('request')
    if (this.peerEnded) this.lingering.halfClosed()
    else this.timer.hold()
    this.persistent = intake.persistent
    const exchange = new Exchange(intake.request, this.options.clock, this.peer)
    this.answer = new Answer(this.socket, exchange, this.options, this.owner, this.answered)
    this.beginBody(intake, exchange, found, kept)
    this.answer.content = intake.request.body
    if (exchange.cancellation !== undefined) this.failed(exchange.cancellation)
    else ask(this.owner, exchange).then(this.respond, this.failed)
    this.incoming?.followTimes()
  }

  /** Gives the request its body: here already, or still to come. */
  private beginBody(intake: Intake, exchange: Exchange, found: FoundHead, kept: boolean): void {
    const { framing, request } = intake
    const { buffer, next } = found
    const here = buffer.length - next
    if (framing === NO_BODY || (framing > 0 && here >= framing)) {
      if (framing > 0) request.body = wholeBody(found, framing)
      if (here > framing) this.backlog.add(buffer.subarray(next + framing), kept)
      return
    }
    const continueOwed = intake.expectsContinue && here === 0
    this.incoming = new IncomingBody(this.socket, intake, exchange, continueOwed, this.options, this)
    request.body = this.incoming.stream
    const begun = buffer.subarray(next)
    if (here > 0) this.incoming.read(kept ? begun : Buffer.from(begun), true)
  }

  bodyRead(behind: Buffer | undefined, kept: boolean): void {
    this.incoming = undefined
    if (behind !== undefined) this.backlog.add(behind, kept)
    if (this.state === 'discarding') this.next('discarded')
  }

  bodyBroken(error: TrafficError): void {
    this.incoming = undefined
    this.persistent = false
    if (this.state === 'discarding') this.close()
    else this.answer?.exchange.cancel(error)
  }

  continueWanted(): void {
    this.answer?.sendContinue()
  }

  private refuse(fault: WireFault): void {
    const response = this.owner.refusal(fault.toError('request-head'), undefined, this.peer)
    this.move('refused')
    writeLast(response, this.socket, this.options)
    this.linger()
  }

  private readonly failed = (thrown: unknown): void => {
    if (this.answer !== undefined) this.respond(this.answer.refusal(thrown))
  }

  private readonly respond = (response: HttpResponse): void => {
    const { answer } = this
    if (this.state !== 'exchange' || answer === undefined) {
      discard(response, new TrafficError('downstream_closed', 'the peer left meanwhile'))
    } else if (
      answer.write(response, this.isLast(answer), this.incoming !== undefined) &&
      response.tunnel !== undefined
    ) {
      this.switchProtocols(answer, response.tunnel)
    }
  }

  /** Whether this response ends the connection, as far as can be told when its head is written. */
  private isLast(answer: Answer): boolean {
    if (!this.persistent || this.grace !== undefined) return true
    if (this.peerEnded && this.backlog.isEmpty) return true
    // What came behind a refused Upgrade, or is still to come behind its body, was meant for another protocol, or to be smuggled.
    if (answer.upgrade !== undefined && (!this.backlog.isEmpty || this.incoming !== undefined)) return true
    return this.incoming?.notWorthReading ?? false
  }

  private switchProtocols(answer: Answer, upstream: Tunnel): void {
    this.move('switched')
    this.timer.disarm()
    const tunnel = answer.openTunnel(upstream)
    const early = this.backlog.take()
    if (early !== undefined) tunnel.read(early)
    if (this.peerEnded) tunnel.ended()
    else this.socket.resume()
  }

  private readonly answered = (answer: Answer, error: TrafficError | undefined): void => {
    if (this.answer !== answer) return
    this.answer = undefined
    if (error !== undefined) {
      answer.abandon(error)
      // Cut off, so that it cannot look complete; by a reset where the framing would allow it to.
      if (answer.untilClose) this.socket.resetAndDestroy()
      else this.socket.destroy()
      return
    }
    answer.conclude(undefined)
    this.lingering.pace = answer.pace
    if (answer.last) this.close()
    else if (this.incoming === undefined) this.next('answered')
    else {
      this.move('answered-early')
      this.incoming.discard()
    }
  }

  /** On to the next request: what is pipelined already, or what comes. */
  private next(event: ServerEvent): void {
    this.move(event)
    if (this.peerEnded && this.backlog.isEmpty) return this.close()
    this.timer.arm(this.grace ?? this.options.keepAliveTimeout)
    // A peer that does not read is not answered further: `drained` goes on.
    if (this.socket.writableNeedDrain) this.socket.pause()
    else if (!this.backlog.isEmpty || this.socket.isPaused()) {
      // Later, so that a long pipeline does not grow the stack.
      setImmediate(() => this.readPending())
    }
  }

  private readPending(): void {
    if (this.state !== 'idle') return
    const bytes = this.backlog.take()
    if (bytes !== undefined) this.readHead(bytes, true)
    if (this.peerEnded) this.ended()
    // During an exchange, too: else nobody would notice that the peer leaves.
    else if (!this.backlog.isFull && this.incoming === undefined) this.socket.resume()
  }

  private drained(): void {
    if (this.state === 'tunnel') this.answer?.tunnel?.drained()
    else if (this.answer !== undefined) this.answer.drained()
    else if (this.state === 'idle') this.readPending()
  }

  /** The peer has closed its side; it may still read. */
  private ended(): void {
    this.peerEnded = true
    if (this.state === 'tunnel') this.answer?.tunnel?.ended()
    else if (this.state !== 'exchange') {
      if (this.state !== 'idle' || this.backlog.isEmpty) this.close()
    } else if (this.incoming === undefined) this.lingering.halfClosed()
    else this.socket.destroy() // half a request, and the other half will never come
  }

  private timedOut(): void {
    if (this.state === 'head') this.refuse(new WireFault('request_timeout', 'the head did not come in time'))
    else if (this.state === 'idle') this.close()
    else if (this.state === 'lingering') this.lingering.timedOut()
    else this.lingering.halfClosedTimedOut()
  }

  private close(): void {
    if (this.state === 'lingering' || this.state === 'closed') return
    this.move('last')
    this.linger()
  }

  private linger(): void {
    this.backlog.take()
    this.incoming?.stop(new TrafficError('cancelled', 'the connection is being closed'))
    this.incoming = undefined
    this.lingering.begin()
  }

  private gone(): void {
    const switched = this.state === 'tunnel'
    this.move('gone')
    this.timer.disarm()
    this.answer?.tunnel?.gone()
    const error = new TrafficError('downstream_closed', 'the peer left before its response was complete')
    this.incoming?.stop(error)
    this.incoming = undefined
    if (switched) this.answer?.conclude(undefined)
    else this.answer?.abandon(error)
    this.answer = undefined
    this.owner.closed(this)
  }
}
