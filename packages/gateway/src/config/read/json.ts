import { DEEPEST, TOO_DEEP } from './bounds.ts'
import { addEntry } from './entry.ts'
import { lineIndex, locator } from './positions.ts'
import type { FileContent, PositionNode, SyntaxProblem } from './positions.ts'

// JSON.parse tells no positions of values, for some errors not even theirs, and drops repeated keys silently.

const SPACE = /[ \t\r\n]*/y
const STRING = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /true|false|null/y
/** More of them tell no more. */
const MOST_PROBLEMS = 20

class JsonError extends Error {
  readonly offset: number
  readonly hint: string | undefined

  constructor(message: string, offset: number, hint?: string) {
    super(message)
    this.offset = offset
    this.hint = hint
  }
}

/** Reads JSON strictly (RFC 8259); repeated keys are problems. */
export function readJson(text: string): FileContent {
  const reader = new JsonReader(text)
  try {
    const { value, node } = reader.document()
    return { problems: reader.problems, value: { input: value, locate: locator(node) } }
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    const hint = error.hint === undefined ? {} : { hint: error.hint }
    return {
      problems: [...reader.problems, { message: error.message, ...reader.position(error.offset), ...hint }],
    }
  }
}

interface Read {
  readonly value: unknown
  readonly node: PositionNode
}

class JsonReader {
  readonly problems: SyntaxProblem[] = []
  readonly position: ReturnType<typeof lineIndex>
  readonly #text: string
  #offset = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
    this.position = lineIndex(text)
  }

  document(): Read {
    this.#take(SPACE)
    const read = this.#value()
    this.#take(SPACE)
    if (this.#offset < this.#text.length) throw this.#unexpected('the end of the file')
    return read
  }

  #value(): Read {
    const char = this.#text[this.#offset]
    if (char === '{' || char === '[') return this.#collection(char)
    const node = this.#node()
    const scalar = this.#take(STRING) ?? this.#take(NUMBER) ?? this.#take(WORD)
    if (scalar === undefined) throw this.#unexpected('a value')
    return { value: JSON.parse(scalar), node: scalar.startsWith('"') ? node : { ...node, source: scalar } }
  }

  #collection(open: '{' | '['): Read {
    if (++this.#depth > DEEPEST) throw new JsonError(TOO_DEEP, this.#offset)
    const node = this.#node()
    const value: unknown = open === '{' ? {} : []
    const close = open === '{' ? '}' : ']'
    this.#offset++
    this.#take(SPACE)
    if (this.#text[this.#offset] !== close) {
      do {
        this.#take(SPACE)
        if (open === '{') this.#member(value as object, node)
        else this.#item(value as unknown[], node)
        this.#take(SPACE)
      } while (this.#comma(close))
    }
    this.#offset++
    this.#depth--
    return { value, node }
  }

  #comma(close: string): boolean {
    const char = this.#text[this.#offset]
    if (char === close) return false
    if (char !== ',') throw this.#unexpected(`"," or "${close}"`)
    const comma = this.#offset++
    this.#take(SPACE)
    if (this.#text[this.#offset] === close)
      throw new JsonError(`there is a comma before "${close}"`, comma, 'remove it')
    return true
  }

  #member(object: object, node: PositionNode): void {
    const key = this.position(this.#offset)
    const quoted = this.#take(STRING)
    if (quoted === undefined) throw this.#unexpected('a key in double quotes')
    const name: string = JSON.parse(quoted)
    const other = node.children.get(name)
    if (other !== undefined && this.problems.length < MOST_PROBLEMS) {
      const hint = `keep one of them; the other is in line ${other.key.line}`
      this.problems.push({ message: `the key ${quoted} is there twice`, ...key, hint })
    }
    this.#take(SPACE)
    if (this.#text[this.#offset] !== ':') throw this.#unexpected('":"')
    this.#offset++
    this.#take(SPACE)
    const read = this.#value()
    addEntry(object, name, read.value)
    node.children.set(name, { key, node: read.node })
  }

  #item(list: unknown[], node: PositionNode): void {
    const key = this.position(this.#offset)
    const read = this.#value()
    node.children.set(String(list.push(read.value) - 1), { key, node: read.node })
  }

  #node(): PositionNode {
    return { at: this.position(this.#offset), children: new Map() }
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset
    const [match] = pattern.exec(this.#text) ?? []
    this.#offset += match?.length ?? 0
    return match
  }

  #unexpected(expected: string): JsonError {
    const rest = this.#text.slice(this.#offset)
    const found =
      rest === '' ? 'the end of the file' : JSON.stringify(/^(?:\w+|.)/su.exec(rest)?.[0].slice(0, 20))
    return new JsonError(`expected ${expected}, found ${found}`, this.#offset, hintFor(rest))
  }
}

function hintFor(rest: string): string | undefined {
  if (/^(?:\/\/|\/\*|#)/.test(rest)) return 'JSON has no comments; YAML and TOML have'
  if (rest.startsWith("'")) return 'JSON has double quotes only'
  return undefined
}
