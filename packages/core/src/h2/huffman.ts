import { CODE_LENGTHS, END_OF_STRING, huffmanCodes } from './huffman-code.ts'

/**
 * Decodes Huffman code by the byte: a table says for each place in the code's tree and each byte where that leads, and which bytes
 * were completed, two at the most, as no code is shorter than 5 bits. A table of 256 KiB, made when it is needed first.
 */

/** An entry: the next place in bits 0 to 7, how many bytes were completed in 8 and 9, and these in 10 to 17 and 18 to 25. */
type Entry = number
/** Where the end of the string would be completed, which nobody may send (RFC 7541 5.2). No other entry has all bits set. */
const REFUSED: Entry = 0xffffffff

/** A place in the tree: for each bit the place where it leads, or, below 0, the symbol that it completes, as `-1 - symbol`. */
type Place = [number, number]

interface Decoding {
  readonly entries: Uint32Array
  /** 1 for a place in which a string may end: after whole codes, or behind one to seven bits that are all ones (RFC 7541 5.2). */
  readonly mayEnd: Uint8Array
}

let decoding: Decoding | undefined

/** What is decoded goes here first; grows to what is needed. */
let scratch = Buffer.allocUnsafeSlow(16 * 1024)

/** The text, one byte a character; undefined where the padding is wrong or the end of the string was sent (RFC 7541 5.2). */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string | undefined {
  const { entries, mayEnd } = (decoding ??= makeDecoding())
  const most = ((end - start) * 8) / 5 + 1
  if (most > scratch.length) scratch = Buffer.allocUnsafeSlow(Math.ceil(most) * 2)
  const out = scratch
  let place = 0
  let length = 0
  for (let at = start; at < end; at++) {
    const entry = entries[(place << 8) | (bytes[at] as number)] as Entry // the table has a row for each place and byte
    if (entry === REFUSED) return undefined
    place = entry & 0xff
    const count = (entry >>> 8) & 3
    if (count === 0) continue
    out[length++] = entry >>> 10
    if (count === 2) out[length++] = entry >>> 18
  }
  return mayEnd[place] === 1 ? out.toString('latin1', 0, length) : undefined
}

function makeDecoding(): Decoding {
  const places = makePlaces()
  const entries = new Uint32Array(places.length << 8)
  for (let place = 0; place < places.length; place++) {
    for (let byte = 0; byte < 256; byte++) entries[(place << 8) | byte] = entryFor(places, place, byte)
  }
  const mayEnd = new Uint8Array(places.length)
  for (let ones = 0, place = 0; ones < 8; ones++) {
    mayEnd[place] = 1
    place = placeAt(places, place)[1]
  }
  return { entries, mayEnd }
}

function makePlaces(): Place[] {
  // Place 0 is the root, which no code leads back to but by its end: so 0 also says that nothing is there yet.
  const places: Place[] = [[0, 0]]
  const codes = huffmanCodes()
  for (const [symbol, length] of CODE_LENGTHS.entries()) {
    const code = codes[symbol] as number // there are as many codes as lengths
    let place = 0
    for (let bit = length - 1; bit > 0; bit--) {
      const way = ((code >>> bit) & 1) as 0 | 1
      const from = placeAt(places, place)
      if (from[way] === 0) from[way] = places.push([0, 0]) - 1
      place = from[way]
    }
    placeAt(places, place)[(code & 1) as 0 | 1] = -1 - symbol
  }
  return places
}

function entryFor(places: readonly Place[], start: number, byte: number): Entry {
  let place = start
  let count = 0
  let completed = 0
  for (let bit = 7; bit >= 0; bit--) {
    const next = placeAt(places, place)[((byte >>> bit) & 1) as 0 | 1]
    if (next >= 0) {
      place = next
      continue
    }
    const symbol = -1 - next
    if (symbol === END_OF_STRING) return REFUSED
    completed |= symbol << (10 + 8 * count)
    count++
    place = 0
  }
  return (completed | (count << 8) | place) >>> 0
}

function placeAt(places: readonly Place[], place: number): Place {
  return places[place] as Place // the tree's places lead to such as there are
}
