import { FIELD_VALUE, TOKEN_LOWER } from '../message/tokens.ts'

const HTAB = 0x09
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c

/** Reads a field value from left to right by the parts that most grammars have in common (RFC 9110 5.6). */
export class FieldScanner {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  get done(): boolean {
    return this.at >= this.text.length
  }

  /** OWS; returns whether there was any. */
  skipBlanks(): boolean {
    const start = this.at
    while (this.text.charCodeAt(this.at) === SPACE || this.text.charCodeAt(this.at) === HTAB) this.at++
    return this.at > start
  }

  /** White space and the commas of empty list members, which a list may have (RFC 9110 5.6.1.2). */
  skipToMember(): void {
    while (this.skipBlanks() || this.text.charCodeAt(this.at) === COMMA) {
      if (this.text.charCodeAt(this.at) === COMMA) this.at++
    }
  }

  /** Takes the character if it is the next one. */
  take(char: string): boolean {
    if (this.text[this.at] !== char) return false
    this.at++
    return true
  }

  /** Passes over what a sticky pattern matches here. */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)?.[0]
    if (found !== undefined) this.at += found.length
    return found
  }

  /** Spaces alone, as structured fields have them (RFC 9651 4.2). */
  skipSpaces(): void {
    while (this.text.charCodeAt(this.at) === SPACE) this.at++
  }

  /** A token; empty if there is none. */
  token(): string {
    const start = this.at
    while (isTokenByte(this.text.charCodeAt(this.at))) this.at++
    return this.text.slice(start, this.at)
  }

  /** Up to `end`, which is taken, too; undefined if it does not come. */
  until(end: string): string | undefined {
    const found = this.text.indexOf(end, this.at)
    if (found < 0) return undefined
    const taken = this.text.slice(this.at, found)
    this.at = found + 1
    return taken
  }

  /** A token or a quoted string, without quotes and escapes; undefined if there is neither. */
  value(): string | undefined {
    if (this.text.charCodeAt(this.at) === QUOTE) return this.quoted()
    return this.token() || undefined
  }

  private quoted(): string | undefined {
    let value = ''
    for (this.at++; !this.done; this.at++) {
      let code = this.text.charCodeAt(this.at)
      if (code === QUOTE) {
        this.at++
        return value
      }
      if (code === BACKSLASH) code = this.text.charCodeAt(++this.at)
      // NaN, past the end, is none either.
      if (code > 255 || FIELD_VALUE[code] !== 1) return undefined
      value += String.fromCharCode(code)
    }
    return undefined
  }
}

function isTokenByte(code: number): boolean {
  return code < 256 && TOKEN_LOWER[code] !== 0
}
