import type { JsonLimits } from './scan-json.ts'

/** Takes the value that begins where reading stands, and leaves reading behind it; false where it is another, or nobody knows. */
export type ValueCheck = (reader: ByteReader) => boolean

/** Longer numbers may be infinite, or other ones than they seem. */
const LONGEST_NUMBER = 25

/** Of so many digits, a number is as exact as it is written. */
const EXACT_DIGITS = 15

/** Goes through the bytes of a JSON text (RFC 8259). What is rare is not taken: escapes, what is not ASCII, exponents. */
export class ByteReader {
  bytes: Buffer = NO_BYTES
  at = 0
  /** Counted as `scanJson` does. */
  values = 0
  /** How many lists and objects may still stand in each other here. */
  depthLeft = 0

  /** Whether all of the text is one value that is taken. */
  takes(bytes: Uint8Array, limits: JsonLimits, check: ValueCheck): boolean {
    this.bytes = asBuffer(bytes)
    this.at = 0
    this.values = 0
    this.depthLeft = limits.depth
    const isTaken = this.next() !== -1 && check(this) && this.next() === -1 && this.values <= limits.values
    this.bytes = NO_BYTES
    return isTaken
  }

  /** The byte behind blanks, where reading stands then; -1 at the end. */
  next(): number {
    const { bytes } = this
    let { at } = this
    while (at < bytes.length) {
      const byte = bytes[at] ?? 0
      if (byte > SPACE) {
        this.at = at
        return byte
      }
      if (byte !== SPACE && byte !== TAB && byte !== LINE && byte !== RETURN) return 0
      at++
    }
    this.at = at
    return -1
  }

  /** Whether the text of bytes that is given stands here, with quotes around; reading is behind it then. */
  isQuoted(name: Uint8Array): boolean {
    const { bytes, at } = this
    const end = at + 1 + name.length
    if (bytes[end] !== QUOTE) return false
    for (let index = 0; index < name.length; index++) if (bytes[at + 1 + index] !== name[index]) return false
    this.at = end + 1
    return true
  }

  /** The number of characters of the string that begins here; -1 where it is none that is taken. */
  string(): number {
    const { bytes } = this
    const start = this.at + 1
    let at = start
    // Half of all bytes are looked at here, so that each has one question to answer.
    while (at < bytes.length && PLAIN[bytes[at] ?? 0] === 1) at++
    if (bytes[at] !== QUOTE) return -1
    this.at = at + 1
    return at - start
  }

  /**
   * The number that begins here; NaN where it is none that is taken.
   * @param asked whether it matters which one it is
   */
  number(asked: boolean): number {
    const { bytes } = this
    const start = this.at
    const first = bytes[start] === MINUS ? start + 1 : start
    let at = first
    let value = 0
    for (let digit = digitAt(bytes, at); digit <= 9; digit = digitAt(bytes, ++at)) value = value * 10 + digit
    const wholes = at - first
    if (wholes === 0 || (wholes > 1 && bytes[first] === ZERO)) return NaN
    let parts = 0
    if (bytes[at] === POINT) {
      const point = at++
      for (let digit = digitAt(bytes, at); digit <= 9; digit = digitAt(bytes, ++at))
        value = value * 10 + digit
      parts = at - point - 1
      if (parts === 0) return NaN
    }
    // What comes next is for whoever asked to see: an exponent is nothing that may stand there.
    this.at = at
    if (at - start > LONGEST_NUMBER) return NaN
    if (!asked) return 0
    // Both are exact, and so is what is nearest to their quotient.
    if (wholes + parts <= EXACT_DIGITS) return (first === start ? value : -value) / (TENS[parts] ?? NaN)
    return Number(this.text(start, at))
  }

  /** Whether these letters stand here; reading is behind them then. */
  isLiteral(letters: Uint8Array): boolean {
    const { bytes, at } = this
    for (let index = 0; index < letters.length; index++)
      if (bytes[at + index] !== letters[index]) return false
    this.at = at + letters.length
    return true
  }

  /** Bytes of ASCII as a text. */
  text(start: number, end: number): string {
    return this.bytes.toString('latin1', start, end)
  }
}

/** Of the same kind as those that are read, for which the code is compiled. */
const NO_BYTES = Buffer.alloc(0)

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** More than 9 where there is no digit. */
function digitAt(bytes: Uint8Array, at: number): number {
  return at < bytes.length ? ((bytes[at] ?? 0) - ZERO) >>> 0 : 10
}

const TAB = 0x09
const LINE = 0x0a
const RETURN = 0x0d
const SPACE = 0x20
export const QUOTE = 0x22
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const BACKSLASH = 0x5c

/** 1 for what stands in a string as it is. */
const PLAIN = new Uint8Array(256).fill(1, SPACE, 0x80)
PLAIN[QUOTE] = 0
PLAIN[BACKSLASH] = 0

/** Powers of ten, by their exponents. */
const TENS: readonly number[] = Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => 10 ** exponent)
