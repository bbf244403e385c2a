const CR = 0x0d
const LF = 0x0a

/**
 * The bytes of a head, or of trailer fields, that came so far. Each byte is copied and looked at a bounded number of times,
 * however many reads bring it: a peer that sends them one by one costs no more than its reads do.
 */
export class PartialHead {
  private memory: Buffer = Buffer.alloc(0)
  private length = 0
  /** Up to here no empty line ends. */
  private searched = 0
  /** Up to here the ends of lines are in order. */
  private checked = 0

  get bytes(): Buffer {
    return this.memory.subarray(0, this.length)
  }

  append(bytes: Buffer): void {
    const needed = this.length + bytes.length
    if (needed > this.memory.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.memory.length))
      this.memory.copy(larger, 0, 0, this.length)
      this.memory = larger
    }
    bytes.copy(this.memory, this.length)
    this.length = needed
  }

  /** Whether an empty line stands at the beginning: what follows a head that has no fields, or a relic before a request. */
  get beginsWithEmptyLine(): boolean {
    return this.length >= 2 && this.memory[0] === CR && this.memory[1] === LF
  }

  /** Where the CRLF CRLF stands that ends the fields, from `start` on; -1 if it has not come. */
  findEnd(start: number): number {
    const found = this.bytes.indexOf('\r\n\r\n', Math.max(start, this.searched - 3), 'latin1')
    this.searched = this.length
    return found
  }

  /** Whether a line ends in something else than CRLF, or NUL stands in it: then it will never be right (RFC 9112 2.2). */
  hasWrongLine(): boolean {
    const { memory, length } = this
    for (let index = this.checked; index < length; index++) {
      const byte = memory[index]
      const afterCR = index > 0 && memory[index - 1] === CR
      if (byte === 0 || afterCR !== (byte === LF)) return true
    }
    this.checked = length
    return false
  }
}
