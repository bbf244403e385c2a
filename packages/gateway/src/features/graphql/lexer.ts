import { GraphqlRefusal, malformed } from './error-response.ts'

/** Kinds of tokens; a punctuator's is its character code. */
export const END = 0
export const NAME = 1
export const NUMBER = 2
export const STRING = 3
export const SPREAD = 4

const NAME_START = 1
const DIGIT = 2
const PUNCTUATOR = 4

/** By character code. */
const CLASSES = new Uint8Array(128)
for (const name of '_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz')
  CLASSES[name.charCodeAt(0)] = NAME_START
for (const digit of '0123456789') CLASSES[digit.charCodeAt(0)] = DIGIT
// Of "&" and "|" only type systems are made.
for (const mark of '!$():=@[]{}') CLASSES[mark.charCodeAt(0)] = PUNCTUATOR

/** Behind `\u`, with what may be the second half of a pair. */
const UNICODE = /(?:\{([0-9A-Fa-f]{1,8})\}|([0-9A-Fa-f]{4})(\\u[Dd][C-Fc-f][0-9A-Fa-f]{2})?)/y

/**
 * The tokens of a GraphQL document (October 2021, section 2.1), one after the other, without building what they stand for. It
 * counts as it goes and stops at the limit. Stricter than the specification where readers differ: no control characters, no byte
 * order mark, no line separators in comments.
 */
export class Lexer {
  kind: number = END
  start = 0
  end = 0
  /** Read so far. */
  tokens = 0
  readonly text: string
  private readonly maxTokens: number

  /** @throws GraphqlRefusal if it holds half a surrogate pair */
  constructor(text: string, maxTokens: number) {
    if (!text.isWellFormed()) throw malformed('the document is not Unicode text: it holds half a character')
    this.text = text
    this.maxTokens = maxTokens
  }

  /** Goes on to the next token. @throws GraphqlRefusal */
  next(): void {
    const { text } = this
    const start = this.ignored(this.end)
    this.start = start
    if (start >= text.length) {
      this.kind = END
      this.end = start
      return
    }
    if (++this.tokens > this.maxTokens) throw this.tooMany()
    const code = text.charCodeAt(start)
    switch (CLASSES[code]) {
      case NAME_START:
        this.kind = NAME
        this.end = nameEnd(text, start + 1)
        return
      case PUNCTUATOR:
        this.kind = code
        this.end = start + 1
        return
      default:
        this.other(code, start)
    }
  }

  isName(word: string): boolean {
    return (
      this.kind === NAME && this.end - this.start === word.length && this.text.startsWith(word, this.start)
    )
  }

  value(): string {
    return this.text.slice(this.start, this.end)
  }

  fault(at: number = this.start): GraphqlRefusal {
    return malformed(`the document has a syntax error at character ${at + 1}`)
  }

  private other(code: number, start: number): void {
    const { text } = this
    if (code === 0x22) {
      this.kind = STRING
      this.end = text.startsWith('""', start + 1) ? this.blockEnd(start + 3) : this.stringEnd(start + 1)
    } else if (code === 0x2e && text.startsWith('..', start + 1)) {
      this.kind = SPREAD
      this.end = start + 3
    } else if (code === 0x2d || CLASSES[code] === DIGIT) {
      this.kind = NUMBER
      this.end = this.numberEnd(start)
    } else throw this.fault()
  }

  /** White space, commas and comments (2.1.2 to 2.1.7). */
  private ignored(from: number): number {
    const { text } = this
    let at = from
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === 0x23) at = this.commentEnd(at + 1) - 1
      else if (code !== 0x20 && code !== 0x0a && code !== 0x2c && code !== 0x09 && code !== 0x0d) break
    }
    return at
  }

  /** U+0085, U+2028 and U+2029 end a line for some readers: there, what follows would be no comment. */
  private commentEnd(from: number): number {
    const { text } = this
    let at = from
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === 0x0a || code === 0x0d) break
      if (isControl(code) || code === 0x85 || code === 0x2028 || code === 0x2029) throw this.fault(at)
    }
    return at
  }

  private stringEnd(from: number): number {
    const { text } = this
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === 0x22) return at + 1
      if (code === 0x5c) at = this.escapeEnd(at + 1) - 1
      else if (isControl(code) || code === 0x0a || code === 0x0d) throw this.fault(at)
    }
    throw this.fault(text.length)
  }

  private escapeEnd(at: number): number {
    const { text } = this
    const kind = text[at]
    if (kind === 'u') return this.unicodeEnd(at)
    if (kind !== undefined && '"\\/bfnrt'.includes(kind)) return at + 1
    throw this.fault(at)
  }

  /** Only for what is a character: a surrogate must have the other one behind it. */
  private unicodeEnd(at: number): number {
    const { text } = this
    const [, long, short, low] = matchAt(UNICODE, text, at + 1) ?? []
    const code = Number.parseInt(long ?? short ?? '', 16)
    if (isHighSurrogate(code) && low !== undefined) return at + 11
    if (!(code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff)) throw this.fault(at)
    return long === undefined ? at + 5 : at + 3 + long.length
  }

  private blockEnd(from: number): number {
    const { text } = this
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === 0x22 && text.startsWith('""', at + 1)) return at + 3
      if (code === 0x5c && text.startsWith('"""', at + 1)) at += 3
      else if (isControl(code)) throw this.fault(at)
    }
    throw this.fault(text.length)
  }

  /** No zero in front, and no name or dot right behind (2.9.1, 2.9.2). */
  private numberEnd(start: number): number {
    const { text } = this
    let at = text.charCodeAt(start) === 0x2d ? start + 1 : start
    at = text.charCodeAt(at) === 0x30 ? at + 1 : this.digits(at)
    if (text.charCodeAt(at) === 0x2e) at = this.digits(at + 1)
    if (text[at] === 'e' || text[at] === 'E')
      at = this.digits(text[at + 1] === '+' || text[at + 1] === '-' ? at + 2 : at + 1)
    const behind = text.charCodeAt(at)
    if (CLASSES[behind] === NAME_START || CLASSES[behind] === DIGIT || behind === 0x2e) throw this.fault(at)
    return at
  }

  private digits(from: number): number {
    let at = from
    while (CLASSES[this.text.charCodeAt(at)] === DIGIT) at++
    if (at === from) throw this.fault(at)
    return at
  }

  private tooMany(): GraphqlRefusal {
    const limit = this.maxTokens
    return new GraphqlRefusal('tokens', `the document has more than ${limit} tokens`, {
      value: limit + 1,
      limit,
    })
  }
}

/** All but the tab, and the ends of lines, which the caller looks at. */
function isControl(code: number): boolean {
  return code < 0x20 ? code !== 0x09 && code !== 0x0a && code !== 0x0d : code === 0x7f
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

function nameEnd(text: string, from: number): number {
  let at = from
  for (; at < text.length; at++) {
    const kind = CLASSES[text.charCodeAt(at)]
    if (kind !== NAME_START && kind !== DIGIT) break
  }
  return at
}
