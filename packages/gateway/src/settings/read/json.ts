import {
  addEntry,
  DEEPEST,
  type FileContent,
  lineIndex,
  locator,
  MOST_KEYS,
  type Position,
  type PositionChild,
  type PositionNode,
  type SyntaxProblem,
  TOO_DEEP,
  TOO_MANY_KEYS,
} from './positions.ts'

// JSON.parse tells no positions of values, for some errors not even theirs, and drops repeated keys silently.

const SPACE = /[ \t\r\n]*/y
/** A string begins, up to its first escape or its end. */
const OPEN = /"[ !#-[\]-\uffff]*/y
/** Some escapes, with what follows each. Not all of them: for each one, the engine keeps a place to which it could go back. */
const ESCAPED = /(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[ !#-[\]-\uffff]*){1,1000}/y
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

/** Of what holds nothing; nobody adds to it. */
const NONE: Map<string, PositionChild> = new Map()

/** Of a file of a million values, two or three places are asked for: each is found when it is. */
class JsonNode implements PositionNode {
  readonly children: Map<string, PositionChild>
  readonly source?: string
  readonly #offset: number
  readonly #position: (offset: number) => Position

  constructor(
    offset: number,
    position: (offset: number) => Position,
    children: Map<string, PositionChild>,
    source?: string,
  ) {
    this.#offset = offset
    this.#position = position
    this.children = children
    if (source !== undefined) this.source = source
  }

  get at(): Position {
    return this.#position(this.#offset)
  }
}

class JsonChild implements PositionChild {
  readonly node: PositionNode
  readonly #offset: number
  readonly #position: (offset: number) => Position

  constructor(node: PositionNode, offset: number, position: (offset: number) => Position) {
    this.node = node
    this.#offset = offset
    this.#position = position
  }

  get key(): Position {
    return this.#position(this.#offset)
  }
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
    const offset = this.#offset
    const string = this.#string()
    if (string !== undefined)
      return { value: textOf(string), node: new JsonNode(offset, this.position, NONE) }
    const scalar = this.#take(NUMBER) ?? this.#take(WORD)
    if (scalar === undefined) throw this.#unexpected('a value')
    return { value: JSON.parse(scalar), node: new JsonNode(offset, this.position, NONE, scalar) }
  }

  #collection(open: '{' | '['): Read {
    if (++this.#depth > DEEPEST) throw new JsonError(TOO_DEEP, this.#offset)
    const children = new Map<string, PositionChild>()
    const start = this.#offset
    const node = new JsonNode(start, this.position, children)
    const value: unknown = open === '{' ? {} : []
    const close = open === '{' ? '}' : ']'
    this.#offset++
    this.#take(SPACE)
    if (this.#text[this.#offset] !== close) {
      do {
        this.#take(SPACE)
        if (open === '{') {
          if (children.size === MOST_KEYS) throw new JsonError(TOO_MANY_KEYS, start)
          this.#member(value as object, children)
        } else this.#item(value as unknown[], children)
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

  #member(object: object, children: Map<string, PositionChild>): void {
    const offset = this.#offset
    const quoted = this.#string()
    if (quoted === undefined) throw this.#unexpected('a key in double quotes')
    const name = textOf(quoted)
    const other = children.get(name)
    if (other !== undefined && this.problems.length < MOST_PROBLEMS) {
      const hint = `keep one of them; the other is in line ${other.key.line}`
      this.problems.push({ message: `the key ${quoted} is there twice`, ...this.position(offset), hint })
    }
    this.#take(SPACE)
    if (this.#text[this.#offset] !== ':') throw this.#unexpected('":"')
    this.#offset++
    this.#take(SPACE)
    const read = this.#value()
    addEntry(object, name, read.value)
    children.set(name, new JsonChild(read.node, offset, this.position))
  }

  #item(list: unknown[], children: Map<string, PositionChild>): void {
    const offset = this.#offset
    const read = this.#value()
    children.set(String(list.push(read.value) - 1), new JsonChild(read.node, offset, this.position))
  }

  /** With its quotes; undefined, and nothing is taken, where none stands. */
  #string(): string | undefined {
    const start = this.#offset
    if (this.#take(OPEN) === undefined) return undefined
    while (this.#take(ESCAPED) !== undefined);
    if (this.#text[this.#offset] === '"') return this.#text.slice(start, ++this.#offset)
    this.#offset = start
    return undefined
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset
    if (!pattern.test(this.#text)) return undefined
    const start = this.#offset
    this.#offset = pattern.lastIndex
    return this.#text.slice(start, this.#offset)
  }

  #unexpected(expected: string): JsonError {
    const rest = this.#text.slice(this.#offset, this.#offset + 100)
    const found =
      rest === '' ? 'the end of the file' : JSON.stringify(/^(?:\w+|.)/su.exec(rest)?.[0].slice(0, 20))
    return new JsonError(`expected ${expected}, found ${found}`, this.#offset, hintFor(rest))
  }
}

/** Of a string with its quotes. */
function textOf(quoted: string): string {
  return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
}

function hintFor(rest: string): string | undefined {
  if (/^(?:\/\/|\/\*|#)/.test(rest)) return 'JSON has no comments; YAML and TOML have'
  if (rest.startsWith("'")) return 'JSON has double quotes only'
  return undefined
}
