import { frame } from '../frames.ts'
import { ANSWER, block, bytes, ENDS, type SpecCase, spec } from './spec-case.ts'

const FAULT = 'GOAWAY COMPRESSION_ERROR'

/** RFC 7541, by its sections. */
export const HPACK_CASES: readonly SpecCase[] = [
  spec('hpack/2.3.3/1', 'an index that no table has', FAULT, () => [frame(1, ENDS, 1, block(0xc6))]),
  spec('hpack/2.3.3/2', 'a literal with the index of a name that no table has', FAULT, () => [
    frame(1, ENDS, 1, block(0x7f, 0x07, 0x01, 0x61)),
  ]),
  spec('hpack/4.2/1', 'a table size update at the end of a block', FAULT, () => [
    frame(1, ENDS, 1, block(0x3f, 0x00)),
  ]),
  spec('hpack/5.2/1', 'padding of a Huffman code of more than 7 bits', FAULT, () => [
    frame(1, ENDS, 1, block(0x00, 0x01, 0x61, 0x82, 0x1f, 0xff)),
  ]),
  spec('hpack/5.2/2', 'padding of a Huffman code that is not of ones', FAULT, () => [
    frame(1, ENDS, 1, block(0x00, 0x01, 0x61, 0x81, 0x18)),
  ]),
  spec('hpack/5.2/3', 'the end of the string in a Huffman code', FAULT, () => [
    frame(1, ENDS, 1, block(0x00, 0x01, 0x61, 0x84, 0xff, 0xff, 0xff, 0xff)),
  ]),
  spec('hpack/6.1/1', 'index 0', FAULT, () => [frame(1, ENDS, 1, block(0x80))]),
  spec('hpack/6.3/1', 'a table size above SETTINGS_HEADER_TABLE_SIZE', FAULT, () => [
    frame(1, ENDS, 1, Buffer.concat([bytes(0x3f, 0xe2, 0x1f), block()])),
  ]),
  spec(undefined, 'each kind of literal, and the one that was indexed again', ANSWER, () => [
    frame(1, ENDS, 1, block(0x40, 1, 0x61, 1, 0x62, 0x00, 1, 0x63, 1, 0x64, 0x10, 1, 0x65, 1, 0x66, 0xbe)),
  ]),
]
