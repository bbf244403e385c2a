import { type Priority, UNSAID } from '../fields/priority.ts'
import type { WholeBody } from '../message/body.ts'
import type { StreamReceiver } from './stream-receiver.ts'
import type { Http2Code } from './error-codes.ts'
import { Http2Fault } from './fault.ts'
import type { Field } from './field.ts'
import type { Fields } from './field-list.ts'
import { ReceiveWindow, SendWindow } from './flow-windows.ts'
import type { Outgoing } from './outgoing.ts'
import { streamAfter, type StreamEvent, StreamState } from './stream-states.ts'

/** What a stream asks of its connection. */
export interface StreamOwner {
  /** What the peer's SETTINGS allow each stream now. Bytes. */
  readonly peerWindow: number
  /** A stream's window for the peer: `full` once somebody reads, `unread` before. Bytes. */
  readonly ownWindow: { readonly full: number; readonly unread: number }
  sendHeaders(stream: Http2Stream, fields: Fields, endStream: boolean): void
  sendData(stream: Http2Stream, bytes: Uint8Array): boolean
  sendEnd(stream: Http2Stream, trailers: readonly Field[] | undefined): void
  /** Content and its end, where all of it is here. */
  sendWhole(stream: Http2Stream, body: WholeBody): void
  reset(stream: Http2Stream, code: Http2Code): void
  consumed(stream: Http2Stream, bytes: number): void
  widen(stream: Http2Stream): void
  prioritize(stream: Http2Stream, priority: Priority): void
}

/** One stream of a connection (RFC 9113 5): its state, its windows, and what waits to be sent on it. */
export class Http2Stream {
  readonly id: number
  /** Set by whoever takes what comes on it. */
  receiver: StreamReceiver | undefined
  state: StreamState = StreamState.idle
  /** How it is sent among others; changed by `prioritize`. */
  priority: Priority = UNSAID
  /** What waits to be sent; undefined while nothing does. */
  outgoing: Outgoing | undefined
  /** Whether it has become a tunnel, whose end by a reset is no work in vain. */
  isTunnel = false
  /** What came and has not gone on, padding and all. Bytes. */
  held = 0
  private readonly owner: StreamOwner
  /** What Content-Length says of the content that comes; undefined where it does not. */
  private expected: number | undefined
  private received = 0
  /** Made when there is content: half of all messages have none. */
  private forSending: SendWindow | undefined
  private forReceiving: ReceiveWindow | undefined

  constructor(id: number, owner: StreamOwner) {
    this.id = id
    this.owner = owner
  }

  get sendWindow(): SendWindow {
    return (this.forSending ??= new SendWindow(this.id, this.owner.peerWindow))
  }

  get receiveWindow(): ReceiveWindow {
    const { full, unread } = this.owner.ownWindow
    return (this.forReceiving ??= new ReceiveWindow(this.id, full, unread))
  }

  /** SETTINGS_INITIAL_WINDOW_SIZE has changed by so much: a window that is not made yet begins with what it is then. */
  shiftSendWindow(change: number): Http2Fault | undefined {
    return this.forSending?.shift(change)
  }

  move(event: StreamEvent): void {
    this.state = streamAfter(this.state, event)
  }

  /** Whether we may send on it: its end is not sent, and it is not reset. */
  get isWritable(): boolean {
    return this.state === StreamState.open || this.state === StreamState.halfClosedRemote
  }

  /** Whether the peer may still send on it. */
  get isReadable(): boolean {
    return this.state === StreamState.open || this.state === StreamState.halfClosedLocal
  }

  /** How much content is to come, by the head's Content-Length (RFC 9113 8.1.1). */
  expect(length: number | undefined): void {
    this.expected = length
  }

  /** So much content came. @returns the fault, if that is more than was announced */
  count(length: number): Http2Fault | undefined {
    this.received += length
    if (this.expected === undefined || this.received <= this.expected) return undefined
    return this.wrongLength('more')
  }

  /** The content has ended. @returns the fault, if that is less than was announced */
  countEnd(): Http2Fault | undefined {
    if (this.expected === undefined || this.received === this.expected) return undefined
    return this.wrongLength('less')
  }

  /** A head, or trailers, which end our side. */
  sendHeaders(fields: Fields, endStream: boolean): void {
    this.owner.sendHeaders(this, fields, endStream)
  }

  /**
   * Content. What cannot be sent at once is kept, not copied.
   * @returns whether all of it was written, so that its memory may be used again; if not, the receiver's `writable` follows
   */
  sendData(bytes: Uint8Array): boolean {
    return this.owner.sendData(this, bytes)
  }

  /** All of the content, and the end of our side. Kept, not copied, where it cannot be sent at once. */
  sendWhole(body: WholeBody): void {
    this.owner.sendWhole(this, body)
  }

  /** Our side ends behind what waits. */
  sendEnd(trailers?: readonly Field[]): void {
    this.owner.sendEnd(this, trailers)
  }

  /** Nothing more is sent or taken; the receiver is not told. */
  reset(code: Http2Code): void {
    this.owner.reset(this, code)
  }

  /** So much of the content has gone on: the peer may send as much again. */
  consumed(bytes: number): void {
    this.owner.consumed(this, bytes)
  }

  /** Somebody reads the content now: the peer may send ahead of that. */
  widen(): void {
    this.owner.widen(this)
  }

  /** How what is sent on it is sent among the others from now on. */
  prioritize(priority: Priority): void {
    if (priority !== this.priority) this.owner.prioritize(this, priority)
  }

  private wrongLength(what: 'more' | 'less'): Http2Fault {
    const message = `${what} content than Content-Length says (RFC 9113 8.1.1)`
    return new Http2Fault('PROTOCOL_ERROR', this.id, message)
  }
}
