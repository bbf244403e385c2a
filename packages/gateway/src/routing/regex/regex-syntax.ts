/** A regular expression, taken apart. A set holds 1 for each byte that it takes, and at 256 whether it takes all beyond. */
export type RegexNode =
  | { readonly kind: 'set'; readonly set: Uint8Array }
  | { readonly kind: 'sequence'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly options: readonly RegexNode[] }
  | {
      readonly kind: 'repeat'
      readonly part: RegexNode
      readonly min: number
      /** Infinity: no end. */
      readonly max: number
    }

/** Every byte, and one for all that is beyond. */
export const SYMBOLS = 257
const LONGEST = 1000
const MOST_REPEATS = 1000

/**
 * Reads the part of the usual syntax that can be matched in linear time: text, `.`, classes, `\d \w \s`, groups, `|`,
 * `* + ? {m,n}`, and `(?i)` at the start. There are no back references and no looking around, which need a search that
 * turns back; no `^` and `$`, as a value is always compared whole.
 * @throws TypeError that names what is wrong and where
 */
export function parseRegex(source: string): RegexNode {
  if (source.length > LONGEST)
    throw new TypeError(`is longer than the ${LONGEST} characters that a regular expression may have`)
  return new RegexReader(source).read()
}

class RegexReader {
  private readonly source: string
  private readonly ignoresCase: boolean
  private at: number

  constructor(source: string) {
    this.source = source
    this.ignoresCase = source.startsWith('(?i)')
    this.at = this.ignoresCase ? 4 : 0
  }

  read(): RegexNode {
    const node = this.choice()
    if (this.at < this.source.length) throw this.wrong('")" closes nothing')
    return node
  }

  private choice(): RegexNode {
    const options = [this.sequence()]
    while (this.take('|')) options.push(this.sequence())
    return options.length === 1 && options[0] !== undefined ? options[0] : { kind: 'choice', options }
  }

  private sequence(): RegexNode {
    const parts: RegexNode[] = []
    for (let char = this.peek(); char !== '' && char !== '|' && char !== ')'; char = this.peek()) {
      parts.push(this.repeated(this.atom()))
    }
    return { kind: 'sequence', parts }
  }

  private repeated(part: RegexNode): RegexNode {
    const [min, max] = this.bounds() ?? [1, 1]
    if (/[?+]/.test(this.peek()))
      throw this.wrong('lazy and possessive repeats make no difference here: leave them out')
    if (/[*{]/.test(this.peek())) throw this.wrong('nothing stands before the repeat')
    return min === 1 && max === 1 ? part : { kind: 'repeat', part, min, max }
  }

  private bounds(): [min: number, max: number] | undefined {
    if (this.take('*')) return [0, Infinity]
    if (this.take('+')) return [1, Infinity]
    if (this.take('?')) return [0, 1]
    if (this.peek() !== '{') return undefined
    const match = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(this.source.slice(this.at))
    if (match === null) throw this.wrong('"{" starts a repeat such as {2,5}; as text, write "\\{"')
    const min = Number(match[1])
    const max = match[2] === undefined ? min : match[3] === '' ? Infinity : Number(match[3])
    if (max < min || min > MOST_REPEATS || (max > MOST_REPEATS && max !== Infinity))
      throw this.wrong(`a repeat goes from a smaller to a larger number, up to ${MOST_REPEATS}`)
    this.at += match[0].length
    return [min, max]
  }

  private atom(): RegexNode {
    const char = this.peek()
    if (char === '(') return this.group()
    if (char === '[') return this.set(this.bracket())
    if (char === '\\') return this.set(this.escape())
    if (char === '.') {
      this.at++
      return this.set(new Uint8Array(SYMBOLS).fill(1))
    }
    if ('^$'.includes(char))
      throw this.wrong(`a value is always compared whole: leave "${char}" out, or write "\\${char}"`)
    if ('*+?{'.includes(char)) throw this.wrong('nothing stands before the repeat')
    if (char.charCodeAt(0) > 127)
      throw this.wrong('only ASCII may stand here; paths hold escapes such as %C3%A4')
    this.at++
    return this.set(setOf(char))
  }

  private group(): RegexNode {
    const [opening = ''] = /^\((?:\?:|\?<[A-Za-z_]\w*>)?/.exec(this.source.slice(this.at)) ?? []
    this.at += opening.length
    if (this.peek() === '?') throw this.wrong('there are no such groups; (...) and (?:...) group')
    const node = this.choice()
    if (!this.take(')')) throw this.wrong('"(" is not closed')
    return node
  }

  private bracket(): Uint8Array {
    this.at++
    const negated = this.take('^')
    const set = new Uint8Array(SYMBOLS)
    for (let first = true; first || this.peek() !== ']'; first = false) {
      if (this.peek() === '') throw this.wrong('"[" is not closed')
      if (this.peek() === ']') throw this.wrong('a class needs a member; as text, write "\\]"')
      const from = this.member()
      const isRange = this.peek() === '-' && !this.source.startsWith('-]', this.at)
      if (isRange) {
        this.at++
        addRange(set, this.single(from), this.single(this.member()))
      } else add(set, from)
    }
    this.at++
    return negated ? complement(this.ignoresCase ? bothCases(set) : set) : set
  }

  private member(): Uint8Array {
    const char = this.peek()
    if (char === '\\') return this.escape()
    if (char === '') throw this.wrong('"[" is not closed')
    if (char.charCodeAt(0) > 127)
      throw this.wrong('only ASCII may stand here; paths hold escapes such as %C3%A4')
    this.at++
    return setOf(char)
  }

  private single(set: Uint8Array): number {
    const code = set.indexOf(1)
    if (set.indexOf(1, code + 1) !== -1) throw this.wrong('a range goes from one character to another')
    return code
  }

  private escape(): Uint8Array {
    const char = this.source.charAt(this.at + 1)
    const kind = CLASSES[char.toLowerCase()]
    if (kind !== undefined) {
      this.at += 2
      return char === char.toLowerCase() ? setOf(kind) : complement(setOf(kind))
    }
    if (char === 't') {
      this.at += 2
      return setOf('\t')
    }
    if (char === '' || /[A-Za-z0-9]/.test(char) || char.charCodeAt(0) > 127)
      throw this.wrong(`"\\${char}" is not known here`)
    this.at += 2
    return setOf(char)
  }

  private set(set: Uint8Array): RegexNode {
    return { kind: 'set', set: this.ignoresCase ? bothCases(set) : set }
  }

  private peek(): string {
    return this.source.charAt(this.at)
  }

  private take(char: string): boolean {
    if (this.peek() !== char) return false
    this.at++
    return true
  }

  private wrong(reason: string): TypeError {
    return new TypeError(`is not a regular expression at character ${this.at + 1}: ${reason}`)
  }
}

const DIGITS = '0123456789'
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const CLASSES: Readonly<Record<string, string>> = {
  d: DIGITS,
  w: `${LETTERS}${LETTERS.toUpperCase()}${DIGITS}_`,
  s: ' \t\n\v\f\r',
}

function setOf(chars: string): Uint8Array {
  const set = new Uint8Array(SYMBOLS)
  for (const char of chars) set[char.charCodeAt(0)] = 1
  return set
}

function add(set: Uint8Array, other: Uint8Array): void {
  for (let code = 0; code < SYMBOLS; code++) if (other[code] === 1) set[code] = 1
}

function addRange(set: Uint8Array, from: number, to: number): void {
  if (from > to) throw new TypeError('is not a regular expression: a range of characters goes upwards')
  set.fill(1, from, to + 1)
}

function complement(set: Uint8Array): Uint8Array {
  return set.map((member) => 1 - member)
}

function bothCases(set: Uint8Array): Uint8Array {
  const folded = set.slice()
  for (const letter of LETTERS) {
    const [lower, upper] = [letter.charCodeAt(0), letter.toUpperCase().charCodeAt(0)]
    if (set[lower] === 1 || set[upper] === 1) folded[lower] = folded[upper] = 1
  }
  return folded
}
