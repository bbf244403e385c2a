import { CODE_LENGTHS, huffmanCodes } from '../../../src/h2/huffman-code.ts'

/** For each byte. */
const CODES = Uint32Array.from(huffmanCodes())
const LENGTHS = Uint8Array.from(CODE_LENGTHS)

/** Writes representations of RFC 7541 into a buffer that is used again: millions of blocks are made of them. */
export class BlockWriter {
  private readonly bytes = Buffer.allocUnsafeSlow(256 * 1024)
  private length = 0

  /** What was written since the last call, valid for good. */
  take(): Buffer {
    const block = Buffer.from(this.bytes.subarray(0, this.length))
    this.length = 0
    return block
  }

  byte(value: number): void {
    this.bytes[this.length++] = value
  }

  /** An integer behind the bits of `first` (RFC 7541 5.1). @param longer how many bytes it takes beyond those that it needs */
  integer(first: number, mask: number, value: number, longer: number = 0): void {
    if (value < mask) {
      this.byte(first | value)
      return
    }
    this.byte(first | mask)
    let rest = value - mask
    for (; rest >= 128; rest >>>= 7) this.byte((rest & 127) | 128)
    this.byte(longer > 0 ? rest | 128 : rest)
    for (let count = longer; count > 0; count--) this.byte(count > 1 ? 128 : 0)
  }

  string(text: string, huffman: boolean): void {
    if (huffman) {
      this.huffman(text)
      return
    }
    this.integer(0, 0x7f, text.length)
    this.length += this.bytes.write(text, this.length, 'latin1')
  }

  private huffman(text: string): void {
    const bytes = Buffer.from(text, 'latin1')
    let bits = 0
    for (const symbol of bytes) bits += LENGTHS[symbol] as number
    this.integer(0x80, 0x7f, (bits + 7) >>> 3)
    // Of the code no more than 7 bits wait when one of at most 30 comes: its high bits go first, as 32 are what operators have.
    let waiting = 0
    let count = 0
    for (const symbol of bytes) {
      const code = CODES[symbol] as number
      let length = LENGTHS[symbol] as number
      while (length > 0) {
        const taken = Math.min(length, 16)
        length -= taken
        waiting = (waiting << taken) | ((code >>> length) & ((1 << taken) - 1))
        for (count += taken; count >= 8; ) {
          count -= 8
          this.byte((waiting >>> count) & 0xff)
        }
        waiting &= (1 << count) - 1
      }
    }
    if (count > 0) this.byte((waiting << (8 - count)) | (0xff >>> count))
  }
}
