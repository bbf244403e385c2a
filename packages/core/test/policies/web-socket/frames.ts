/** The mask of all frames that tests send. */
const KEY = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

interface Parts {
  readonly opcode: number
  readonly payload?: string | Buffer
  /** FIN and RSV1 to RSV3: 0x80 by default. */
  readonly first?: number
  readonly isMasked?: boolean
  /** How many bytes the length is written in; by default as few as there must be. */
  readonly lengthSize?: 0 | 2 | 8
}

/** A frame byte by byte, right or wrong. */
export function frame({ opcode, payload = '', first = 0x80, isMasked = false, lengthSize }: Parts): Buffer {
  const bytes = Buffer.from(payload)
  const { length } = bytes
  const size = lengthSize ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8)
  const head = Buffer.alloc(2 + size)
  head[0] = first | opcode
  head[1] = (isMasked ? 0x80 : 0) | (size === 0 ? length : size === 2 ? 126 : 127)
  if (size === 2) head.writeUInt16BE(length, 2)
  if (size === 8) head.writeBigUInt64BE(BigInt(length), 2)
  if (!isMasked) return Buffer.concat([head, bytes])
  return Buffer.concat([head, KEY, bytes.map((byte, index) => byte ^ (KEY[index % 4] ?? 0))])
}

/** The same from a client. */
export function masked(parts: Parts): Buffer {
  return frame({ ...parts, isMasked: true })
}

/** The payload of a Close frame. */
export function closing(code: number, reason: string | Buffer = ''): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)])
}

/** What frames say, in short: `text hello`, `ping a`, `close 1002`. For frames whose lengths are in their first bytes or two behind. */
export function told(bytes: Buffer): string[] {
  const said: string[] = []
  for (let at = 0; at + 1 < bytes.length; ) {
    const second = bytes[at + 1] ?? 0
    const isMasked = second >= 0x80
    const short = second & 0x7f
    const start = at + 2 + (short === 126 ? 2 : 0) + (isMasked ? 4 : 0)
    const length = short === 126 ? bytes.readUInt16BE(at + 2) : short
    const key = isMasked ? bytes.subarray(start - 4, start) : Buffer.alloc(4)
    const payload = bytes.subarray(start, start + length).map((byte, index) => byte ^ (key[index % 4] ?? 0))
    said.push(line((bytes[at] ?? 0) & 0x0f, Buffer.from(payload)))
    at = start + length
  }
  return said
}

const NAMES: Readonly<Record<number, string>> = {
  0: 'more',
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
}

function line(opcode: number, payload: Buffer): string {
  const name = NAMES[opcode] ?? `opcode ${opcode}`
  if (opcode === 8) return payload.length < 2 ? name : `${name} ${payload.readUInt16BE(0)}`
  return payload.length === 0 ? name : `${name} ${payload.length > 20 ? payload.length : String(payload)}`
}
