import type { FrameHead } from './frame-rules.ts'

/** Bytes before the payload; 0 while too few are here to tell. */
export function headSize(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 2) return 0
  const second = bytes[at + 1] ?? 0
  const length = second & 0x7f
  return 2 + (length < 126 ? 0 : length === 126 ? 2 : 8) + (second & 0x80 ? 4 : 0)
}

/** Reads a head that is here whole. A length beyond 2^53 comes out as Infinity. */
export function readHead(bytes: Buffer, at: number, size: number): FrameHead {
  const first = bytes[at] ?? 0
  const second = bytes[at + 1] ?? 0
  const short = second & 0x7f
  let length = short
  if (short === 126) length = bytes.readUInt16BE(at + 2)
  else if (short === 127) {
    const high = bytes.readUInt32BE(at + 2)
    length = high > 0x1f_ffff ? Infinity : high * 0x1_0000_0000 + bytes.readUInt32BE(at + 6)
  }
  return {
    opcode: first & 0x0f,
    isFinal: first >= 0x80,
    reserved: first & 0x70,
    isMasked: second >= 0x80,
    length,
    size,
    isLong: (short === 126 && length < 126) || (short === 127 && length <= 0xffff),
  }
}

/** The payload of a frame that is here whole, unmasked, in memory of its own. */
export function payloadOf(bytes: Buffer, at: number, { size, length, isMasked }: FrameHead): Buffer {
  const start = at + size
  const payload = Buffer.from(bytes.subarray(start, start + length))
  if (isMasked) mask(payload, bytes.subarray(start - 4, start))
  return payload
}

/** A control frame. Towards a server it is masked with four bytes by chance (RFC 6455 5.3). */
export function controlFrame(opcode: number, payload: Uint8Array, key: Uint8Array | undefined): Buffer {
  const size = key === undefined ? 2 : 6
  const frame = Buffer.alloc(size + payload.length)
  frame[0] = 0x80 | opcode
  frame[1] = (key === undefined ? 0 : 0x80) | payload.length
  frame.set(payload, size)
  if (key !== undefined) {
    frame.set(key, 2)
    mask(frame.subarray(size), key)
  }
  return frame
}

/** The payload of a Close frame. The reason is plain ASCII, cut to what has room. */
export function closePayload(code: number, reason: string): Buffer {
  const payload = Buffer.from(`  ${reason.slice(0, 123)}`, 'latin1')
  payload.writeUInt16BE(code, 0)
  return payload
}

function mask(bytes: Uint8Array, key: Uint8Array): void {
  for (let index = 0; index < bytes.length; index++)
    bytes[index] = (bytes[index] ?? 0) ^ (key[index & 3] ?? 0)
}
