/** A place in the value of a field that is read from left to right. */
export class FieldCursor {
  readonly text: string
  position = 0

  constructor(text: string) {
    this.text = text
  }

  get atEnd(): boolean {
    return this.position >= this.text.length
  }

  /** Passes over a character, if it is next. */
  take(character: string): boolean {
    if (this.text[this.position] !== character) return false
    this.position++
    return true
  }

  /** Passes over what a sticky pattern matches here. */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position
    const found = pattern.exec(this.text)?.[0]
    if (found !== undefined) this.position += found.length
    return found
  }

  skipSpaces(): void {
    while (this.text[this.position] === ' ') this.position++
  }

  /** OWS (RFC 9110 5.6.3). */
  skipWhitespace(): void {
    while (this.text[this.position] === ' ' || this.text[this.position] === '\t') this.position++
  }
}
