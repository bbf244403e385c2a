import { parse, TomlError } from 'smol-toml'
import {
  DEEPEST,
  type FileContent,
  lineIndex,
  locator,
  type Position,
  type PositionNode,
  type SyntaxProblem,
  TOO_DEEP,
} from './positions.ts'

// The parser tells where errors are, not where values are. This scan follows a document that has been parsed
// without errors, so it checks nothing; whatever it does not understand, it steps over.

const BLANK = /[ \t\r\n]*/y
const COMMENT = /#[^\n]*/y
const SPACE = /[ \t]*/y
const BARE_KEY = /[A-Za-z0-9_-]+/y
/** Numbers, words and dates; a date may hold a space. */
const SCALAR = /[^,\]}#\r\n]+/y

interface Key {
  readonly name: string
  readonly at: Position
}

/** Where the values of a valid TOML document stand. */
export function tomlPositions(text: string): PositionNode {
  return new TomlScan(text).document()
}

class TomlScan {
  readonly #text: string
  readonly #position: (offset: number) => Position
  /** Lists written as [[tables]]: a path through one leads into its last entry. */
  readonly #tableLists = new Set<PositionNode>()
  #offset = 0

  constructor(text: string) {
    this.#text = text
    this.#position = lineIndex(text)
  }

  document(): PositionNode {
    const root = this.#node()
    let table = root
    this.#blank()
    while (this.#offset < this.#text.length) {
      if (this.#skip('[[')) table = this.#tableListEntry(root)
      else if (this.#skip('[')) table = this.#table(root)
      else this.#keyValue(table)
      this.#blank()
    }
    return root
  }

  #table(root: PositionNode): PositionNode {
    const table = this.#descend(root, this.#keys())
    this.#skip(']')
    return table
  }

  #tableListEntry(root: PositionNode): PositionNode {
    const keys = this.#keys()
    this.#skip(']]')
    const last = keys.pop()
    if (last === undefined) return root
    const list = this.#child(this.#descend(root, keys), last)
    this.#tableLists.add(list)
    return addItem(list, { at: last.at, children: new Map() })
  }

  #keyValue(table: PositionNode): void {
    const keys = this.#keys()
    const last = keys.pop()
    this.#take(SPACE)
    // Not in a valid document; without this step the scan would stand still.
    if (last === undefined || !this.#skip('=')) this.#offset++
    this.#take(SPACE)
    const node = this.#value()
    if (last !== undefined) this.#descend(table, keys).children.set(last.name, { key: last.at, node })
  }

  #value(): PositionNode {
    const node = this.#node()
    if (this.#skip('[')) this.#items(node, ']', () => void addItem(node, this.#value()))
    else if (this.#skip('{')) this.#items(node, '}', () => this.#keyValue(node))
    else if (this.#string() === '') {
      return { ...node, source: this.#take(SCALAR).trimEnd() }
    }
    return node
  }

  #items(_node: PositionNode, close: string, item: () => void): void {
    this.#blank()
    while (this.#offset < this.#text.length && !this.#skip(close)) {
      item()
      this.#blank()
      this.#skip(',')
      this.#blank()
    }
  }

  /** `a.b."c d"`; empty when no key stands here. */
  #keys(): Key[] {
    const keys: Key[] = []
    do {
      this.#take(SPACE)
      const at = this.#position(this.#offset)
      const written = this.#take(BARE_KEY) || this.#string()
      if (written !== '') keys.push({ name: unquote(written), at })
      this.#take(SPACE)
    } while (this.#skip('.'))
    return keys
  }

  #descend(from: PositionNode, keys: readonly Key[]): PositionNode {
    let node = from
    for (const key of keys) {
      node = this.#child(node, key)
      if (this.#tableLists.has(node)) node = node.children.get(String(node.children.size - 1))?.node ?? node
    }
    return node
  }

  #child(parent: PositionNode, key: Key): PositionNode {
    const known = parent.children.get(key.name)
    if (known !== undefined) return known.node
    const node: PositionNode = { at: key.at, children: new Map() }
    parent.children.set(key.name, { key: key.at, node })
    return node
  }

  #node(): PositionNode {
    return { at: this.#position(this.#offset), children: new Map() }
  }

  #skip(text: string): boolean {
    if (!this.#text.startsWith(text, this.#offset)) return false
    this.#offset += text.length
    return true
  }

  /** Not in one pattern, nor are strings: for each repeat of an alternative the engine keeps a place to go back to. */
  #blank(): void {
    do this.#take(BLANK)
    while (this.#take(COMMENT) !== '')
  }

  /** With its quotes; empty where none stands. */
  #string(): string {
    const start = this.#offset
    this.#offset = stringEnd(this.#text, start)
    return this.#text.slice(start, this.#offset)
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#offset
    const [match = ''] = pattern.exec(this.#text) ?? []
    this.#offset += match.length
    return match
  }
}

/** Where the string ends that starts there; the same place where none does. */
function stringEnd(text: string, start: number): number {
  const quote = text[start]
  if (quote !== '"' && quote !== "'") return start
  const isLong = text.startsWith(quote.repeat(3), start)
  const close = isLong ? quote.repeat(3) : quote
  let at = start + close.length
  while (at < text.length && !text.startsWith(close, at)) at += quote === '"' && text[at] === '\\' ? 2 : 1
  at += close.length
  // Of five quotes at the end of a long one, the first two are its own.
  for (let more = isLong ? 2 : 0; more > 0 && text[at] === quote; more--) at++
  return Math.min(at, text.length)
}

function addItem(list: PositionNode, item: PositionNode): PositionNode {
  list.children.set(String(list.children.size), { key: item.at, node: item })
  return item
}

function unquote(written: string): string {
  if (written.startsWith("'")) return written.slice(1, -1)
  if (!written.startsWith('"')) return written
  try {
    // TOML's \UXXXXXXXX is the one escape of its keys that JSON does not have.
    const text = written.replaceAll(/\\U([0-9a-fA-F]{8})/g, (_, hex: string) =>
      String.fromCodePoint(Number.parseInt(hex, 16)),
    )
    return JSON.parse(text)
  } catch {
    return written.slice(1, -1)
  }
}

/** Reads TOML 1.0. */
export function readToml(text: string): FileContent {
  try {
    const input = parse(text, { maxDepth: DEEPEST })
    return { problems: [], value: { input, locate: locator(tomlPositions(text)) } }
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    return { problems: [{ ...inWords(error), line: error.line, column: error.column }] }
  }
}

/** By how the library starts. What follows the first line of its messages draws the source, which may hold a secret. */
const WORDS: readonly (readonly [test: RegExp, message: string, hint?: string])[] = [
  [/excessively nested/, TOO_DEEP],
  [/already defined/, 'this is there twice', 'keep one of them; a list of tables is written [[name]]'],
  [/unfinished (?:string|multi)/, 'a text opens here and is not closed', 'write the same quote at its end'],
  [/unfinished (?:array|table|inline)/, 'a "[" or "{" is not closed', 'write "]" or "}" where it ends'],
  [/followed by an end-of-line/, 'this stands behind a value', 'each key has a line of its own'],
  [
    /invalid value|unknown value/,
    'this is no value',
    'a text stands in quotes; other values are numbers, true and false, [lists] and {tables}',
  ],
  [/numeric|leading zero|number/, 'this is no number', 'if it is a text, write it in quotes'],
  [
    /escape/,
    'this is no escape sequence',
    'write a backslash as "\\\\", or use single quotes, which have no escapes',
  ],
  [
    / key\b|key-value/,
    'a key is not written as it must be',
    'write: name = value; a name with other characters needs quotes',
  ],
]

function inWords(error: TomlError): SyntaxProblem {
  const [said = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n')
  const [, message, hint] = WORDS.find(([test]) => test.test(said)) ?? [undefined, `this is no TOML: ${said}`]
  return { message, ...(hint !== undefined && { hint }) }
}
