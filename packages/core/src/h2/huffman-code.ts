/**
 * The Huffman code of HPACK (RFC 7541 appendix B). It is canonical: of the symbols in the order of their codes' lengths, and of their
 * own numbers where these are equal, each has the next code. So the lengths are all there is to write down.
 */

/** The end of the string: never sent as such, but what is left of the last byte is filled with the beginning of its code, all ones. */
export const END_OF_STRING = 256

/** The lengths of the codes in bits, of each byte from 0 to 255 and of the end of the string. */
export const CODE_LENGTHS: readonly number[] = `
13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28 28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28
 6 10 10 12 13  6  8 11 10 10  8 11  8  6  6  6  5  5  5  6  6  6  6  6  6  6  7  8 15  6 12 10
13  6  7  7  7  7  7  7  7  7  7  7  7  7  7  7  7  7  7  7  7  7  7  7  8  7  8 13 19 13 14  6
15  5  6  5  6  5  6  6  6  5  7  7  6  6  6  5  6  7  6  5  5  6  7  7  7  7  7 15 11 14 13 28
20 22 20 20 22 22 22 23 22 23 23 23 23 23 24 23 24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24
22 21 20 22 22 23 23 21 23 22 22 24 21 22 23 23 21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23
26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25 19 21 26 27 27 26 27 24 21 21 26 26 28 27 27 27
20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23 26 27 26 26 27 27 27 27 27 28 27 27 27 27 27 26
30`
  .trim()
  .split(/\s+/)
  .map(Number)

/** The codes of the symbols in order, right-aligned. */
export function huffmanCodes(): number[] {
  const symbols = Array.from(CODE_LENGTHS.keys()).sort((a, b) => lengthOf(a) - lengthOf(b) || a - b)
  const codes = new Array<number>(symbols.length).fill(0)
  let next = 0
  let length = 0
  for (const symbol of symbols) {
    next <<= lengthOf(symbol) - length
    length = lengthOf(symbol)
    codes[symbol] = next++
  }
  return codes
}

function lengthOf(symbol: number): number {
  return CODE_LENGTHS[symbol] as number // of a symbol of the code
}
