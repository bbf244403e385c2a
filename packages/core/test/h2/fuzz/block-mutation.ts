import type { Random } from '../../wire/fuzz/random.ts'

/** Changes a block one to three times: most of what comes of it is no block any more, or another one. */
export function mutated(block: Buffer, random: Random): Buffer {
  let bytes = block
  for (let times = 1 + random.below(3); times > 0; times--) bytes = changed(bytes, random)
  return bytes
}

function changed(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length)
  switch (random.below(7)) {
    case 0: {
      const copy = Buffer.from(bytes)
      copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8))
      return copy
    }
    case 1: {
      const copy = Buffer.from(bytes)
      copy[at] = random.below(256)
      return copy
    }
    case 2:
      return bytes.subarray(0, at)
    case 3:
      return without(bytes, at, 1 + random.below(4))
    case 4:
      return spliced(bytes, at, Buffer.from(random.pick(PIECES)))
    case 5: {
      const from = random.below(bytes.length)
      return spliced(bytes, at, bytes.subarray(from, from + 1 + random.below(12)))
    }
    default:
      return spliced(
        bytes,
        at,
        Buffer.from(Array.from({ length: 1 + random.below(6) }, () => random.below(256))),
      )
  }
}

/** Where decoders have gone wrong: long integers, sizes, indexes at the ends, padding, the end of the string. */
const PIECES: readonly (readonly number[])[] = [
  [0x80],
  [0x20],
  [0x3f, 0xe1, 0x1f],
  [0x3f, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x7f, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
  [0xff, 0x80, 0x80, 0x80, 0x80, 0x10],
  [0xbe],
  [0xc0],
  [0xbd],
  [0x40, 0x01, 0x61, 0x00],
  [0x00, 0x01, 0x61, 0x84, 0xff, 0xff, 0xff, 0xff],
  [0x00, 0x01, 0x61, 0x81, 0x18],
  [0x10, 0x01, 0x61, 0x82, 0x1f, 0xff],
  [0x00, 0x81, 0x1f, 0x80],
]

function spliced(bytes: Buffer, at: number, piece: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)])
}

function without(bytes: Buffer, at: number, count: number): Buffer {
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + count)])
}
