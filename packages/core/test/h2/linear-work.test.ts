import { test } from 'node:test'
import { FieldSection } from '../../src/h2/field-section.ts'
import { FrameReader } from '../../src/h2/frame-reader.ts'
import { HpackDecoder } from '../../src/h2/hpack-decoder.ts'
import { HpackEncoder } from '../../src/h2/hpack-encoder.ts'
import { assertLinear, type LinearWork, type Parser } from '../linear-work.ts'
import { frame, READER, RecordingSink, SETTINGS, uint32 } from './frames.ts'
import { encode, field, huffmanOf, integer, literal, NO_LIMITS, plain } from './hpack-blocks.ts'

/** Only what is repeated: bytes of a text, one a character. */
function repeats(parts: readonly Buffer[], before: readonly Buffer[] = [Buffer.alloc(0)]): LinearWork {
  const texts = (buffers: readonly Buffer[]): string[] => buffers.map((each) => each.toString('latin1'))
  return { parts: texts(parts), before: texts(before), behind: [''] }
}

function decode(text: string): void {
  const block = Buffer.from(text, 'latin1')
  new HpackDecoder().decode(block, 0, block.length, new FieldSection(NO_LIMITS))
}

function read(size: number): (text: string) => void {
  return (text) => {
    const reader = new FrameReader(new RecordingSink(), {
      ...READER,
      maxBlockSize: Infinity,
      maxContinuations: Infinity,
    })
    const bytes = Buffer.from(text, 'latin1')
    for (let at = 0; at < bytes.length; at += size) {
      if (reader.read(bytes, at, Math.min(bytes.length, at + size)) !== undefined) return
    }
  }
}

const ONES = Buffer.of(0xff)
const LITERALS = [
  literal('a', 'b'),
  literal('a', 'b', 0),
  literal('a', ''),
  literal('A', '\0', 0x10),
  literal('te', 'x'),
]
const INDICES = [Buffer.of(0x82), Buffer.of(0xbe), Buffer.of(0x80), Buffer.of(0xc0), Buffer.of(0x20), ONES]
const LARGE = literal('a', 'v'.repeat(4000))
const FRAMES = [
  frame(0, 0, 1),
  frame(0, 0, 1, 'a'),
  frame(0, 8, 1, '\x01a\0'),
  frame(1, 4, 1, '\x82'),
  frame(2, 0, 1, '12345'),
  frame(2, 0, 1),
  frame(3, 0, 1, uint32(1)),
  frame(4, 0, 0),
  frame(4, 1, 0),
  frame(6, 0, 0, '12345678'),
  frame(8, 0, 1, uint32(1)),
  frame(8, 0, 1, uint32(0)),
  frame(0x42, 0, 1),
  ONES,
]
const CONTINUATIONS = [frame(9, 0, 1), frame(9, 0, 1, 'a')]

const PARSERS: Readonly<Record<string, Parser>> = {
  'a field block': [
    decode,
    repeats([...LITERALS, ...INDICES], [Buffer.alloc(0), Buffer.concat(LITERALS), LARGE]),
  ],
  'a long text in a field block': [
    decode,
    repeats(
      [Buffer.from('a'), ONES, huffmanOf([0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61])],
      [
        Buffer.concat([Buffer.of(0x40), plain('a'), integer(0x80, 7, 65_536)]),
        Buffer.concat([Buffer.of(0x40), plain('a'), integer(0, 7, 65_536)]),
        Buffer.concat([Buffer.of(0x40), integer(0x80, 7, 65_536)]),
      ],
    ),
  ],
  frames: [read(Infinity), repeats(FRAMES, [SETTINGS])],
  'frames in bytes': [read(1), repeats(FRAMES, [SETTINGS])],
  'CONTINUATION without a limit': [
    read(Infinity),
    repeats(CONTINUATIONS, [Buffer.concat([SETTINGS, frame(1, 0, 1)])]),
  ],
  'fields to be sent': [
    (text) => {
      const encoder = new HpackEncoder()
      for (const each of text.split(','))
        encode(encoder, [field('x-a', each), field(`x-${each.length}`, 'b')])
    },
    { parts: ['a,', 'ab', ',', 'abc,d,'], behind: [''] },
  ],
}

for (const [name, [parse, work]] of Object.entries(PARSERS)) {
  test(`the work for ${name} grows with what a peer sends, not with its square`, () =>
    assertLinear(name, parse, work))
}
