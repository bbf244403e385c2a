import { asBuffer, type BodySink } from '../../message/body.ts'
import type { TrafficError } from '../../message/errors.ts'
import { closePayload, controlFrame } from './frame-head.ts'
import { FrameInspector } from './frame-inspector.ts'
import { CLOSE, type CloseReason, CONTINUATION, type Extensions, type FrameHead } from './frame-rules.ts'

/** Who decides over both directions. */
export interface DirectionOwner {
  /** A data frame comes; it may be refused. */
  data(from: Direction, head: FrameHead, messageBytes: number): CloseReason | undefined
  /** A control frame comes; false keeps it here. */
  control(from: Direction, opcode: number, payload: Buffer): boolean
  /** Something was read. */
  heard(from: Direction): void
  /** The frames that come break the protocol, or a limit. */
  faulty(from: Direction, reason: CloseReason): void
  /** Its peer is gone, without a Close frame. */
  lost(from: Direction): void
  /** Four bytes by chance, for a frame of ours towards a server. */
  maskingKey(): Uint8Array
}

/** What one peer of a WebSocket sends the other, with frames of ours between its own. */
export class Direction implements BodySink {
  /** Messages that came. */
  messages = 0
  /** Bytes of their payload. */
  payload = 0
  /** The code of the Close frame that came: 1005 where it has none (RFC 6455 7.1.5). */
  heardCode: number | undefined
  private readonly owner: DirectionOwner
  private readonly fromClient: boolean
  private readonly inspector: FrameInspector
  private sink: BodySink | undefined
  private pending: Buffer | undefined
  /** A Close frame has left: nothing may follow it. */
  private said = false
  /** The peer's own is about to leave. */
  private passesClose = false
  /** One of ours has left, or waits for the end of a frame. */
  private closing = false
  private isFaulty = false
  private hasEnded = false
  /** It ends with the Close frame that waits. */
  private endsNext = false

  constructor(owner: DirectionOwner, fromClient: boolean, extensions: Extensions) {
    this.owner = owner
    this.fromClient = fromClient
    this.inspector = new FrameInspector(this, fromClient, extensions)
  }

  /** Where it leads. */
  leadTo(sink: BodySink): void {
    this.sink = sink
  }

  write(chunk: Uint8Array): boolean {
    this.owner.heard(this)
    return this.isFaulty || this.inspector.read(asBuffer(chunk))
  }

  end(): void {
    if (this.hasEnded) return
    if (!this.said && this.heardCode === undefined) this.owner.lost(this)
    this.endNow()
  }

  fail(error: TrafficError): void {
    if (this.hasEnded) return
    if (!this.said && this.heardCode === undefined) this.owner.lost(this)
    if (this.said) return this.endNow()
    this.hasEnded = true
    this.sink?.fail(error)
  }

  get holdsNothing(): boolean {
    return this.sink?.holdsNothing === true
  }

  /** Puts a control frame of ours between those of the peer; it is left out where one waits already. */
  put(opcode: number, payload: Uint8Array): void {
    if (this.said || this.hasEnded || this.pending !== undefined) return
    this.pending = this.frame(opcode, payload)
    this.putPending()
  }

  /** Puts a Close frame where nothing has left yet that ends it. */
  close({ code, reason }: CloseReason): void {
    if (this.said || this.hasEnded || this.closing) return
    this.closing = true
    this.pending = this.frame(CLOSE, closePayload(code, reason))
    this.putPending()
  }

  /** Ends it, as soon as the Close frame that waits has left. */
  finish(): void {
    if (this.closing && !this.said) this.endsNext = true
    else this.endNow()
  }

  cut(error: TrafficError): void {
    this.hasEnded = true
    this.sink?.fail(error)
  }

  pass(bytes: Uint8Array): boolean {
    if (this.said || this.hasEnded) return true
    if (this.passesClose) this.said = true
    return this.sink?.write(bytes) ?? true
  }

  data(head: FrameHead, messageBytes: number): CloseReason | undefined {
    if (head.opcode !== CONTINUATION) this.messages++
    this.payload += head.length
    return this.owner.data(this, head, messageBytes)
  }

  control(opcode: number, payload: Buffer): boolean {
    const passes = this.owner.control(this, opcode, payload)
    if (opcode !== CLOSE) return passes
    this.heardCode ??= payload.length === 0 ? 1005 : payload.readUInt16BE(0)
    if (passes) this.passesClose = true
    return passes
  }

  between(): boolean {
    const { pending } = this
    this.pending = undefined
    this.inspector.wantsBetween = false
    if (pending === undefined || this.said || this.hasEnded) return true
    if (this.closing) this.said = true
    const room = this.sink?.write(pending) ?? true
    if (this.endsNext) this.endNow()
    return room
  }

  faulty(reason: CloseReason): void {
    this.isFaulty = true
    this.owner.faulty(this, reason)
  }

  private endNow(): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.sink?.end()
  }

  private putPending(): void {
    this.inspector.wantsBetween = true
    if (this.inspector.isBetween) this.between()
  }

  private frame(opcode: number, payload: Uint8Array): Buffer {
    return controlFrame(opcode, payload, this.fromClient ? this.owner.maskingKey() : undefined)
  }
}
