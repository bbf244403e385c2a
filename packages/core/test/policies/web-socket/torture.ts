import { closing, masked } from './frames.ts'

/** What a client sends, and what becomes of it. */
export interface Torture {
  readonly name: string
  readonly sends: Buffer
  /** What the upstream is sent, in short. */
  readonly upstream: readonly string[]
  /** The code that the client is closed with; undefined where it is not. */
  readonly code: number | undefined
}

const text = (payload: string | Buffer): Buffer => masked({ opcode: 1, payload })

function passes(name: string, frames: readonly Buffer[], upstream: readonly string[]): Torture {
  return { name, sends: Buffer.concat(frames), upstream, code: undefined }
}

/** In front of it is a message that is right, and must arrive. */
function closes(name: string, bad: Buffer, code = 1002): Torture {
  return {
    name,
    sends: Buffer.concat([text('before'), bad, text('behind')]),
    upstream: ['text before', 'close 1001'],
    code,
  }
}

/** With `maxMessage` of 1,000 bytes, `maxFrame` of 600, and no extension. After what Autobahn's suite sends. */
export const TORTURES: readonly Torture[] = [
  passes('an empty message', [text('')], ['text']),
  passes('a length in two bytes', [text('a'.repeat(126))], ['text 126']),
  passes(
    'a message in three parts with a ping between them',
    [
      masked({ opcode: 1, payload: 'a', first: 0 }),
      masked({ opcode: 0, payload: 'b', first: 0 }),
      masked({ opcode: 9, payload: 'are you there' }),
      masked({ opcode: 0, payload: 'c' }),
    ],
    ['text a', 'more b', 'ping are you there', 'more c'],
  ),
  passes('a pong that nobody asked for', [masked({ opcode: 10, payload: 'here' })], ['pong here']),
  passes('the longest ping', [masked({ opcode: 9, payload: 'p'.repeat(125) })], ['ping 125']),
  closes('no mask', Buffer.from([0x81, 0x01, 0x61])),
  closes('RSV1 without an extension', masked({ opcode: 1, payload: 'a', first: 0xc0 })),
  closes('RSV3 on a ping', masked({ opcode: 9, first: 0x90 })),
  closes('a reserved opcode of data', masked({ opcode: 3 })),
  closes('a reserved opcode of control', masked({ opcode: 11 })),
  closes('a ping of 126 bytes', masked({ opcode: 9, payload: 'p'.repeat(126) })),
  closes('a ping in parts', masked({ opcode: 9, first: 0 })),
  closes('a continuation of nothing', masked({ opcode: 0, payload: 'a' })),
  closes('a length in two bytes that one has room for', masked({ opcode: 1, payload: 'a', lengthSize: 2 })),
  closes(
    'a length in eight bytes that two have room for',
    masked({ opcode: 1, payload: 'a', lengthSize: 8 }),
  ),
  closes('half of a close code', masked({ opcode: 8, payload: Buffer.from([3]) })),
  closes('a close code that must not be sent', masked({ opcode: 8, payload: closing(1005) })),
  closes('a close code of no kind', masked({ opcode: 8, payload: closing(2999) })),
  closes(
    'a close reason that is no UTF-8',
    masked({ opcode: 8, payload: closing(1000, Buffer.from([0xc3, 0x28])) }),
    1007,
  ),
  closes('a frame over its limit', text('a'.repeat(601)), 1009),
  closes('a length of 2^63', Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]), 1009),
  {
    name: 'a message within another one',
    sends: Buffer.concat([masked({ opcode: 1, payload: 'a', first: 0 }), text('b')]),
    upstream: ['text a', 'close 1001'],
    code: 1002,
  },
  {
    name: 'a message over its limit, in frames that are within theirs',
    sends: Buffer.concat([
      masked({ opcode: 2, payload: 'a'.repeat(600), first: 0 }),
      masked({ opcode: 0, payload: 'b'.repeat(401) }),
    ]),
    upstream: ['binary 600', 'close 1001'],
    code: 1009,
  },
]
