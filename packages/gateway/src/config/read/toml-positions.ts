import { lineIndex } from './positions.ts'
import type { Position, PositionNode } from './positions.ts'

// The parser tells where errors are, not where values are. This scan follows a document that has been parsed
// without errors, so it checks nothing; whatever it does not understand, it steps over.

const BLANK = /(?:[ \t\r\n]|#[^\n]*)*/y
const SPACE = /[ \t]*/y
const BARE_KEY = /[A-Za-z0-9_-]+/y
const MULTILINE = /"""(?:\\[\s\S]|[^\\])*?"{3,5}(?!")|'''[\s\S]*?'{3,5}(?!')/y
const STRING = /"(?:\\.|[^"\\\n])*"|'[^'\n]*'/y
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
    this.#take(BLANK)
    while (this.#offset < this.#text.length) {
      if (this.#skip('[[')) table = this.#tableListEntry(root)
      else if (this.#skip('[')) table = this.#table(root)
      else this.#keyValue(table)
      this.#take(BLANK)
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
    else if (this.#take(MULTILINE) === '' && this.#take(STRING) === '') {
      return { ...node, source: this.#take(SCALAR).trimEnd() }
    }
    return node
  }

  #items(_node: PositionNode, close: string, item: () => void): void {
    this.#take(BLANK)
    while (this.#offset < this.#text.length && !this.#skip(close)) {
      item()
      this.#take(BLANK)
      this.#skip(',')
      this.#take(BLANK)
    }
  }

  /** `a.b."c d"`; empty when no key stands here. */
  #keys(): Key[] {
    const keys: Key[] = []
    do {
      this.#take(SPACE)
      const at = this.#position(this.#offset)
      const written = this.#take(BARE_KEY) || this.#take(STRING)
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

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#offset
    const [match = ''] = pattern.exec(this.#text) ?? []
    this.#offset += match.length
    return match
  }
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
