import { Buffer } from 'node:buffer'
import { type Field, fieldName, fieldOf } from '../../src/h2/field.ts'
import { FieldSection } from '../../src/h2/field-section.ts'
import type { Http2Fault } from '../../src/h2/fault.ts'
import type { HpackDecoder } from '../../src/h2/hpack-decoder.ts'
import { type HpackEncoder, mostBytes } from '../../src/h2/hpack-encoder.ts'
import { CODE_LENGTHS, END_OF_STRING, huffmanCodes } from '../../src/h2/huffman-code.ts'

/** Blocks made by hand, and what comes of them. */

export type Pair = readonly [name: string, value: string]

export const NO_LIMITS = { maxSize: Infinity, maxFields: Infinity, maxCrumbs: Infinity }

export function field(name: string, value: string, neverIndexed: boolean = false): Field {
  return fieldOf(fieldName(name), value, neverIndexed)
}

/** Bytes as RFC 7541 writes them. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replace(/\s+/g, ''), 'hex')
}

export function decodeInto(
  decoder: HpackDecoder,
  block: Buffer,
  section: FieldSection,
): Http2Fault | undefined {
  return decoder.decode(block, 0, block.length, section)
}

/** All fields of a block in their order, the pseudo-header fields of which come first. @throws Error for a fault */
export function decodeAll(decoder: HpackDecoder, block: Buffer): Pair[] {
  const section = new RecordingSection()
  const fault = decodeInto(decoder, block, section)
  if (fault !== undefined) throw new Error(`${fault.code}: ${fault.message}`)
  return section.all.map(pair)
}

export function pair({ name, value }: Field): Pair {
  return [name.text, value]
}

/** Keeps each field in the order of the block. */
export class RecordingSection extends FieldSection {
  readonly all: Field[] = []

  constructor() {
    super(NO_LIMITS)
  }

  override add(field: Field): void {
    this.all.push(field)
    super.add(field)
  }
}

export function encode(encoder: HpackEncoder, fields: readonly Field[]): Buffer {
  const out = Buffer.alloc(mostBytes(fields))
  return out.subarray(0, encoder.encode(out, 0, fields))
}

/** An integer behind the bits of `first` (RFC 7541 5.1). */
export function integer(first: number, bits: number, value: number): Buffer {
  const mask = (1 << bits) - 1
  if (value < mask) return Buffer.of(first | value)
  const bytes = [first | mask]
  let rest = value - mask
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Buffer.from([...bytes, rest])
}

export function plain(text: string): Buffer {
  return Buffer.concat([integer(0, 7, text.length), Buffer.from(text, 'latin1')])
}

const codes = huffmanCodes()

/** Codes of symbols, filled up with ones. */
export function huffmanOf(symbols: Iterable<number>): Buffer {
  let bits = ''
  for (const symbol of symbols)
    bits += (codes[symbol] ?? 0).toString(2).padStart(CODE_LENGTHS[symbol] ?? 0, '0')
  while (bits.length % 8 !== 0) bits += '1'
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}

export function huffman(text: string): Buffer {
  const bytes = huffmanOf(Buffer.from(text, 'latin1'))
  return Buffer.concat([integer(0x80, 7, bytes.length), bytes])
}

export const EOS: number = END_OF_STRING

/** A literal with a name of its own. */
export function literal(name: string, value: string, first: number = 0x40): Buffer {
  return Buffer.concat([Buffer.of(first), plain(name), plain(value)])
}
