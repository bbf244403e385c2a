import { headSize, payloadOf, readHead } from './frame-head.ts'
import {
  CLOSE,
  type CloseReason,
  closeFault,
  type Extensions,
  type FrameHead,
  frameFault,
  isControl,
  type Message,
} from './frame-rules.ts'

/** What becomes of the frame that begins at a place, or in which that place is. */
type Step = 'begins' | 'goes on' | 'waits' | 'is left out' | 'is faulty'

/** Who is told of what an inspector finds. */
export interface FrameReceiver {
  /** Bytes that may go on. False where there is no room. Their memory is used again unless the receiver keeps it by itself. */
  pass(bytes: Uint8Array): boolean
  /** A data frame begins; it may be refused. */
  data(head: FrameHead, messageBytes: number): CloseReason | undefined
  /** A control frame is here whole; whether it may go on. */
  control(opcode: number, payload: Buffer): boolean
  /** What came before has been passed, and the next byte begins a frame. */
  between(): boolean
  /** What comes from here on is not looked at any more, and goes nowhere. */
  faulty(reason: CloseReason): void
}

/**
 * Goes through the bytes of one direction of a WebSocket frame by frame. The payload of data passes as it comes; heads, and control
 * frames, are held until they are here whole, so that what is refused has not begun to leave: other frames may then be put in its
 * place (RFC 6455 5.4).
 */
export class FrameInspector {
  private readonly receiver: FrameReceiver
  private readonly fromClient: boolean
  private readonly extensions: Extensions
  private message: Message = 'none'
  private messageBytes = 0
  /** Bytes of the payload that are still to come. */
  private left = 0
  /** The begin of a frame that is not here whole. */
  private held: Buffer | undefined
  /** Bytes of the head that was read last, with the payload where the frame is one of control. */
  private size = 0
  private isReading = false
  private fault: CloseReason | undefined
  /** Set while something waits to be put between frames. */
  wantsBetween = false

  constructor(receiver: FrameReceiver, fromClient: boolean, extensions: Extensions) {
    this.receiver = receiver
    this.fromClient = fromClient
    this.extensions = extensions
  }

  /** Whether something may be put in now: the next byte that passes begins a frame. */
  get isBetween(): boolean {
    return this.left === 0 && !this.isReading
  }

  /** @returns false where there is no room for more */
  read(chunk: Buffer): boolean {
    const { held, receiver } = this
    this.held = undefined
    // At most a head and a short payload: to join them costs less than to go on in two places.
    const bytes = held === undefined ? chunk : Buffer.concat([held, chunk])
    this.isReading = true
    let from = 0
    let at = 0
    let room = true
    while (at < bytes.length) {
      const step = this.left === 0 ? this.begin(bytes, at) : 'goes on'
      if (step === 'waits' || step === 'is faulty') break
      const isLeftOut = step === 'is left out'
      const end = isLeftOut ? at : this.next(bytes, at, step)
      const after = isLeftOut ? at + this.size : end
      if (isLeftOut || (this.left === 0 && this.wantsBetween)) {
        if (end > from) room = receiver.pass(bytes.subarray(from, end)) && room
        from = after
        if (!isLeftOut) room = receiver.between() && room
      }
      at = after
    }
    if (at > from)
      room = receiver.pass(from === 0 && at === bytes.length ? bytes : bytes.subarray(from, at)) && room
    if (at < bytes.length && this.fault === undefined) this.held = Buffer.from(bytes.subarray(at))
    this.isReading = false
    if (this.fault !== undefined) receiver.faulty(this.fault)
    else if (this.wantsBetween && this.left === 0) room = receiver.between() && room
    return room
  }

  /** Where what is here of the frame ends, its head and payload. */
  private next(bytes: Buffer, at: number, step: 'begins' | 'goes on'): number {
    const start = step === 'begins' ? at + this.size : at
    const taken = Math.min(this.left, bytes.length - start)
    this.left -= taken
    return start + taken
  }

  private begin(bytes: Buffer, at: number): Step {
    const size = headSize(bytes, at, bytes.length)
    if (size === 0 || bytes.length - at < size) return 'waits'
    const head = readHead(bytes, at, size)
    const fault = frameFault(head, this.message, this.fromClient, this.extensions)
    if (fault !== undefined) return this.refuse(fault)
    if (!isControl(head.opcode)) return this.beginData(head)
    if (bytes.length < at + size + head.length) return 'waits'
    const payload = payloadOf(bytes, at, head)
    const wrong = head.opcode === CLOSE ? closeFault(payload) : undefined
    if (wrong !== undefined) return this.refuse(wrong)
    this.size = size + head.length
    return this.receiver.control(head.opcode, payload) ? 'begins' : 'is left out'
  }

  private beginData(head: FrameHead): Step {
    this.messageBytes = (this.message === 'none' ? 0 : this.messageBytes) + head.length
    this.message = head.isFinal ? 'none' : 'begun'
    const refused = this.receiver.data(head, this.messageBytes)
    if (refused !== undefined) return this.refuse(refused)
    this.left = head.length
    this.size = head.size
    return 'begins'
  }

  private refuse(fault: CloseReason): Step {
    this.fault = fault
    return 'is faulty'
  }
}
