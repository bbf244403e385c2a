import { isUtf8 } from 'node:buffer'

/** Why a WebSocket is closed, with the status code that says so (RFC 6455 7.4.1). */
export interface CloseReason {
  readonly code: number
  readonly reason: string
}

/** What the first bytes of a frame say (RFC 6455 5.2). */
export interface FrameHead {
  readonly opcode: number
  readonly isFinal: boolean
  /** RSV1 to RSV3, in their places of the first byte. */
  readonly reserved: number
  readonly isMasked: boolean
  /** Bytes of payload. */
  readonly length: number
  /** Bytes before the payload. */
  readonly size: number
  /** Whether the length could have been written in fewer bytes. */
  readonly isLong: boolean
}

/** What a message is made of so far. */
export type Message = 'none' | 'begun'

export const CONTINUATION = 0x0
export const CLOSE = 0x8
export const PING = 0x9
export const PONG = 0xa

interface OpcodeRule {
  readonly isControl: boolean
  /** Where a message must stand for the frame to have a place; undefined: anywhere. */
  readonly within: Message | undefined
}

/** RFC 6455 11.8: any other is a mistake. */
const OPCODES: ReadonlyMap<number, OpcodeRule> = new Map([
  [CONTINUATION, { isControl: false, within: 'begun' }],
  [0x1, { isControl: false, within: 'none' }],
  [0x2, { isControl: false, within: 'none' }],
  [CLOSE, { isControl: true, within: undefined }],
  [PING, { isControl: true, within: undefined }],
  [PONG, { isControl: true, within: undefined }],
])

/** Longest payload of a control frame (RFC 6455 5.5). */
const LONGEST_CONTROL = 125

const RSV1 = 0x40

/** Which reserved bits frames may have, as was negotiated. */
export type Extensions = 'none' | 'permessage-deflate' | 'other'

export function isControl(opcode: number): boolean {
  return opcode >= CLOSE
}

/** What is wrong with a frame of that head; undefined if nothing is. */
export function frameFault(
  head: FrameHead,
  message: Message,
  fromClient: boolean,
  extensions: Extensions,
): CloseReason | undefined {
  const rule = OPCODES.get(head.opcode)
  if (rule === undefined) return broken(`opcode ${head.opcode} means nothing`)
  if (head.isMasked !== fromClient)
    return broken(fromClient ? 'a client must mask its frames' : 'a server must not mask its frames')
  if (!mayReserve(head, extensions)) return broken('a reserved bit is set that nothing was negotiated for')
  if (head.isLong) return broken('a length is not in its shortest form')
  if (rule.isControl) {
    if (!head.isFinal) return broken('a control frame is in parts')
    return head.length > LONGEST_CONTROL ? broken('a control frame is longer than 125 bytes') : undefined
  }
  if (rule.within === message) return undefined
  return broken(message === 'none' ? 'a continuation of nothing' : 'a message within another one')
}

/** RFC 7692 6: RSV1 stands on the first frame of a compressed message, and on no other. */
function mayReserve({ reserved, opcode }: FrameHead, extensions: Extensions): boolean {
  if (reserved === 0 || extensions === 'other') return true
  return extensions === 'permessage-deflate' && reserved === RSV1 && (opcode === 0x1 || opcode === 0x2)
}

/** What is wrong with the payload of a Close frame (RFC 6455 5.5.1, 7.4). */
export function closeFault(payload: Buffer): CloseReason | undefined {
  if (payload.length === 0) return undefined
  if (payload.length === 1) return broken('half of a close code')
  if (!isCloseCode(payload.readUInt16BE(0))) return broken('a close code that must not be sent')
  return isUtf8(payload.subarray(2)) ? undefined : { code: 1007, reason: 'a close reason is no UTF-8' }
}

/** Codes that a frame may have: those of IANA's registry but 1004 to 1006 and 1015, and those of libraries and applications. */
function isCloseCode(code: number): boolean {
  return (code >= 1000 && code <= 1014 && !(code >= 1004 && code <= 1006)) || (code >= 3000 && code <= 4999)
}

function broken(reason: string): CloseReason {
  return { code: 1002, reason }
}
