import { INPUT_LIMIT } from './input.ts'
import type { Random } from './random.ts'

// biome-ignore format: a list of words
const INSERTS = [
  '\r', '\n', '\r\n', '\r\n\r\n', '\x00', ' ', '\t', ':', ';', ',', '0', '\x0b', '\x7f', '\x80', '\xff', '/',
  '%', '"', '\r\n ', 'chunked', '0\r\n\r\n', 'Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding : chunked\r\n', 'Host: b\r\n', '\r\nx: y', '5', '#', '?', '..', '_', '-', '+', '\x1f',
]
const BYTES = [0x0d, 0x0a, 0x00, 0x20, 0x09, 0x3a, 0x7f, 0x80, 0xff, 0x2c, 0x3b, 0x30, 0x0b]

/** Bytes under change, in memory that is used again for each case. */
export class Mutation {
  readonly buffer: Buffer = Buffer.allocUnsafeSlow(INPUT_LIMIT)
  length = 0
  private readonly random: Random
  private readonly spare = Buffer.allocUnsafeSlow(INPUT_LIMIT)

  constructor(random: Random) {
    this.random = random
  }

  begin(text: string): void {
    this.length = this.buffer.write(text, 0, 'latin1')
  }

  get bytes(): Buffer {
    return this.buffer.subarray(0, this.length)
  }

  /** One change, whichever. */
  change(other: string): void {
    const { random } = this
    switch (random.below(10)) {
      case 0:
        if (this.length > 0) this.buffer[random.below(this.length)] = random.below(256)
        return
      case 1:
        if (this.length > 0) this.buffer[random.below(this.length)] = random.pick(BYTES)
        return
      case 2:
        if (this.length > 0) {
          const at = random.below(this.length)
          this.buffer[at] = (this.buffer[at] as number) ^ (1 << random.below(8)) // within the buffer
        }
        return
      case 3:
      case 4:
        return this.insert(random.below(this.length + 1), random.pick(INSERTS))
      case 5:
        return this.remove(random.below(this.length), 1 + random.below(random.oneIn(4) ? 20 : 2))
      case 6:
        return this.duplicateLine()
      case 7:
        return this.swapLines()
      case 8:
        this.length = random.below(this.length + 1)
        return
      default:
        this.splice(other)
    }
  }

  private insert(at: number, text: string): void {
    if (this.length + text.length > INPUT_LIMIT) return
    this.buffer.copyWithin(at + text.length, at, this.length)
    this.buffer.write(text, at, 'latin1')
    this.length += text.length
  }

  private remove(at: number, count: number): void {
    const end = Math.min(this.length, at + count)
    this.buffer.copyWithin(at, end, this.length)
    this.length -= end - at
  }

  /** Start and end of a line, its line end included. */
  private line(): [start: number, end: number] {
    const at = this.random.below(this.length)
    const before = at === 0 ? -1 : this.bytes.lastIndexOf(0x0a, at - 1)
    const behind = this.bytes.indexOf(0x0a, at)
    return [before + 1, behind < 0 ? this.length : behind + 1]
  }

  private duplicateLine(): void {
    const [start, end] = this.line()
    this.insert(this.random.oneIn(2) ? end : this.line()[0], this.buffer.toString('latin1', start, end))
  }

  private swapLines(): void {
    const [start, end] = this.line()
    const text = this.buffer.toString('latin1', start, end)
    this.remove(start, end - start)
    this.insert(this.line()[0], text)
  }

  /** The beginning of this and the end of another, or the other in the midst of this. */
  private splice(other: string): void {
    const { random } = this
    const count = this.spare.write(other, 0, 'latin1')
    const from = random.below(count)
    const piece = this.spare.toString(
      'latin1',
      from,
      random.oneIn(2) ? count : from + random.below(count - from),
    )
    const at = random.below(this.length + 1)
    if (random.oneIn(2)) this.length = at
    this.insert(at, piece)
  }
}
