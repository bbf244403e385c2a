import type { Body, BodySink } from '../../message/body.ts'
import { TrafficError } from '../../message/errors.ts'
import { RelayedBody } from '../../message/relayed-body.ts'
import type { Tunnel } from '../../message/response.ts'
import type { Clock } from '../../time/clock.ts'
import type { Timer } from '../../time/timer.ts'
import type { OpenStream } from '../open-streams.ts'
import { Direction, type DirectionOwner } from './direction.ts'
import { type CloseReason, CLOSE, type Extensions, type FrameHead, PING, PONG } from './frame-rules.ts'
import { MessageRate } from './message-rate.ts'

/** What is held of an open WebSocket. Times are in milliseconds. */
export interface WebSocketLimits {
  /** Most bytes of a message, as it is on the wire. */
  readonly message: number
  /** Most bytes of a frame's payload. */
  readonly frame: number
  /** Most messages of the client in a second; Infinity: any. */
  readonly messagesPerSecond: number
  /** Longest pause between messages, whoever sends them. */
  readonly idle: number
  readonly lifetime: number
  /** By how much, at most, and by chance, a lifetime is shorter: those that were opened together are not closed together. */
  readonly lifetimeSpread: number
  /** A client that sends nothing for `interval` is pinged, and closed where `timeout` later there was still nothing. */
  readonly ping: { readonly interval: number; readonly timeout: number } | undefined
}

/** What a WebSocket was, once it is over. */
export interface WebSocketEnd {
  /** The code of the first Close frame, the peers' or ours; undefined where there was none. */
  readonly code: number | undefined
  readonly fromClient: { readonly messages: number; readonly bytes: number }
  readonly fromUpstream: { readonly messages: number; readonly bytes: number }
}

/** How long peers have to answer a Close frame, in milliseconds. */
const CLOSE_WAIT = 5_000

const CLIENT_GONE: CloseReason = { code: 1001, reason: 'the client is gone' }
const UPSTREAM_GONE: CloseReason = { code: 1011, reason: 'the upstream is gone' }

/** An open WebSocket between a client and an upstream: the tunnel that the client's side is joined to. */
export class WebSocketSession implements Tunnel, DirectionOwner, OpenStream {
  readonly incoming: Body
  private readonly clock: Clock
  private readonly limits: WebSocketLimits
  private readonly inner: Tunnel
  private readonly fromClient: Direction
  private readonly fromUpstream: Direction
  private readonly rate: MessageRate | undefined
  private readonly idle: Timer | undefined
  private readonly pinging: Timer | undefined
  private closing: Timer | undefined
  private isClosing = false
  private code: number | undefined
  private hasHeard = false
  /** The payload of the ping that is not answered. */
  private pinged: Buffer | undefined

  constructor(inner: Tunnel, clock: Clock, limits: WebSocketLimits, extensions: Extensions) {
    this.inner = inner
    this.clock = clock
    this.limits = limits
    this.fromClient = new Direction(this, true, extensions)
    this.fromUpstream = new Direction(this, false, extensions)
    this.fromClient.leadTo(inner.outgoing)
    this.incoming = new Incoming(inner.incoming, this.fromUpstream)
    const { messagesPerSecond, idle, lifetime, lifetimeSpread, ping } = limits
    if (messagesPerSecond !== Infinity) this.rate = new MessageRate(messagesPerSecond, clock)
    if (idle !== Infinity) {
      this.idle = clock.timer(() => this.close({ code: 1001, reason: 'no message came for long' }))
      this.idle.arm(idle)
    }
    if (ping !== undefined) {
      this.pinging = clock.timer(() => this.ping(ping.interval, ping.timeout))
      this.pinging.arm(ping.interval)
    }
    if (lifetime !== Infinity)
      this.closeIn(lifetime - clock.random() * lifetimeSpread, {
        code: 1001,
        reason: 'it was open for long enough',
      })
  }

  get outgoing(): BodySink {
    return this.fromClient
  }

  onDrain(listener: () => void): void {
    this.inner.onDrain(listener)
  }

  onGone(listener: () => void): void {
    this.inner.onGone(listener)
  }

  leaveIn(delay: number): void {
    this.closeIn(delay, { code: 1001, reason: 'this server goes away' })
  }

  private closeIn(delay: number, reason: CloseReason): void {
    if (this.isClosing) return
    this.closing?.disarm()
    this.closing = this.clock.timer(() => this.close(reason))
    this.closing.arm(delay)
  }

  /** Tells both peers, and cuts what they leave open. */
  close(toClient: CloseReason, toUpstream: CloseReason = toClient): void {
    if (this.isClosing) return
    this.isClosing = true
    this.code ??= toClient.code
    this.disarm()
    this.fromUpstream.close(toClient)
    this.fromClient.close(toUpstream)
    this.closing = this.clock.timer(() => this.cut())
    this.closing.arm(CLOSE_WAIT)
  }

  /** It is over. */
  finished(): WebSocketEnd {
    this.isClosing = true
    this.disarm()
    const { code, fromClient, fromUpstream } = this
    return { code, fromClient: countsOf(fromClient), fromUpstream: countsOf(fromUpstream) }
  }

  heard(from: Direction): void {
    if (from === this.fromClient) this.hasHeard = true
  }

  data(from: Direction, { length, opcode }: FrameHead, messageBytes: number): CloseReason | undefined {
    const { limits, rate } = this
    this.idle?.arm(limits.idle)
    if (length > limits.frame) return { code: 1009, reason: `a frame is longer than ${limits.frame} bytes` }
    if (messageBytes > limits.message)
      return { code: 1009, reason: `a message is longer than ${limits.message} bytes` }
    if (opcode === 0 || from !== this.fromClient || rate === undefined || rate.take()) return undefined
    return { code: 1008, reason: `more than ${limits.messagesPerSecond} messages in a second` }
  }

  control(from: Direction, opcode: number, payload: Buffer): boolean {
    if (opcode === CLOSE) return this.closeCame(from, payload)
    // Nobody but us has asked for that one.
    if (opcode !== PONG || from !== this.fromClient || this.pinged?.equals(payload) !== true) return true
    this.pinged = undefined
    return false
  }

  private closeCame(from: Direction, payload: Buffer): boolean {
    if (!this.isClosing) {
      this.code ??= payload.length === 0 ? 1005 : payload.readUInt16BE(0)
      return true
    }
    // The answer to ours, which the other peer has, too: a server closes its connection then (RFC 6455 7.1.1).
    this.opposite(from).finish()
    return false
  }

  faulty(from: Direction, reason: CloseReason): void {
    if (from === this.fromClient) this.close(reason, CLIENT_GONE)
    else this.close({ code: 1011, reason: 'the upstream broke the protocol' }, reason)
    // No Close frame of that peer will be understood.
    this.opposite(from).finish()
  }

  lost(from: Direction): void {
    from.close(from === this.fromClient ? CLIENT_GONE : UPSTREAM_GONE)
  }

  maskingKey(): Uint8Array {
    return this.byChance(4)
  }

  private ping(interval: number, timeout: number): void {
    const { hasHeard, pinged } = this
    this.hasHeard = false
    if (hasHeard) {
      this.pinged = undefined
      this.pinging?.arm(interval)
    } else if (pinged !== undefined) this.close({ code: 1001, reason: 'no pong came' }, CLIENT_GONE)
    else {
      this.pinged = this.byChance(8)
      this.fromUpstream.put(PING, this.pinged)
      this.pinging?.arm(timeout)
    }
  }

  private byChance(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => Math.floor(this.clock.random() * 256)))
  }

  private opposite(one: Direction): Direction {
    return one === this.fromClient ? this.fromUpstream : this.fromClient
  }

  private disarm(): void {
    this.idle?.disarm()
    this.pinging?.disarm()
    this.closing?.disarm()
  }

  private cut(): void {
    const error = new TrafficError('cancelled', 'the WebSocket was closed, and a peer did not close it')
    this.fromUpstream.cut(error)
    this.fromClient.cut(error)
    this.inner.incoming.cancel(error)
  }
}

function countsOf({ messages, payload }: Direction): { readonly messages: number; readonly bytes: number } {
  return { messages, bytes: payload }
}

/** What comes from the upstream, on its way to the client. */
class Incoming extends RelayedBody {
  private readonly direction: Direction

  constructor(inner: Body, direction: Direction) {
    super(inner)
    this.direction = direction
  }

  override flowTo(sink: BodySink): void {
    this.direction.leadTo(sink)
    this.inner.flowTo(this.direction)
  }
}
