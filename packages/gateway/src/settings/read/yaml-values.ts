import { addEntry, MOST_VALUES, type Position, type PositionNode, type SyntaxProblem } from './positions.ts'
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from './yaml-tree.ts'

interface Read {
  readonly value: unknown
  readonly node: PositionNode
}

type Written = Node | null | undefined

/** More of them tell no more. */
const MOST_PROBLEMS = 20

/** The values of a document, with their places. What an anchor names is read once and stands in all of its places. */
export class YamlValues {
  readonly problems: SyntaxProblem[] = []
  readonly #document: Document.Parsed
  readonly #position: (offset: number) => Position
  readonly #known = new Map<Node, Read>()
  /** Those that are being read: an alias to one of them would hold itself. */
  readonly #open = new Set<Node>()
  readonly #anchors = new Map<string, Node>()
  /** Keys that "<<" has taken over. */
  #merged = 0

  constructor(document: Document.Parsed, position: (offset: number) => Position) {
    this.#document = document
    this.#position = position
  }

  read(): Read {
    return this.#read(this.#document.contents, { line: 1, column: 1 })
  }

  #read(written: Written, otherwise: Position): Read {
    if (written === null || written === undefined)
      return { value: null, node: { at: otherwise, children: new Map() } }
    if (isAlias(written)) return this.#alias(written.source, this.#at(written, otherwise))
    if ('anchor' in written && typeof written.anchor === 'string') this.#anchors.set(written.anchor, written)
    this.#open.add(written)
    const read = this.#content(written, otherwise)
    this.#open.delete(written)
    this.#known.set(written, read)
    return read
  }

  #content(written: Node, otherwise: Position): Read {
    const isEmpty = isScalar(written) && written.range?.[0] === written.range?.[1]
    const at = isEmpty ? otherwise : this.#at(written, otherwise)
    const node: PositionNode = { at, children: new Map() }
    if (isMap(written)) return { value: this.#map(written as YAMLMap<Written, Written>, node), node }
    if (isSeq(written)) return { value: this.#list(written as YAMLSeq<Written>, node), node }
    if (!isScalar(written)) return { value: null, node }
    const { value, source, type } = written
    const isRead = type === 'PLAIN' && typeof value !== 'string' && source !== undefined && source !== ''
    return { value, node: isRead ? { ...node, source } : node }
  }

  /** What nobody would name an anchor, as `*.shop.example`, is meant as a text. */
  #alias(name: string, at: Position): Read {
    const target = this.#anchors.get(name)
    const known = target === undefined ? undefined : this.#known.get(target)
    if (known !== undefined && target !== undefined && !this.#open.has(target)) return known
    if (target === undefined && /[^\w-]/.test(name)) {
      this.#problem(
        `a text that starts with "*" stands without quotes`,
        at,
        `write "*${name}", with the quotes`,
      )
      return { value: `*${name}`, node: { at, children: new Map() } }
    }
    if (target === undefined) {
      const hint = `"&${name}" names a value, and must stand before; a text that starts with "*" needs quotes`
      this.#problem(`"*${name}" names no anchor that is there by then`, at, hint)
    } else {
      this.#problem(`the anchor "&${name}" holds itself: it has no end`, at, `take "*${name}" out of it`)
    }
    return { value: null, node: { at, children: new Map() } }
  }

  #list(list: YAMLSeq<Written>, node: PositionNode): unknown[] {
    return list.items.map((item, index) => {
      const key = this.#at(item, node.at)
      const read = this.#read(item, key)
      node.children.set(String(index), { key, node: read.node })
      return read.value
    })
  }

  #map(map: YAMLMap<Written, Written>, node: PositionNode): object {
    const object = {}
    const merged: Pair<Written, Written>[] = []
    for (const pair of map.items) {
      const key = this.#at(pair.key, node.at)
      // With `merge`, an unquoted "<<" is read as a symbol.
      const isMerge = isScalar(pair.key) && typeof pair.key.value === 'symbol'
      const name = isMerge ? undefined : this.#key(pair.key, key)
      if (isMerge) merged.push(pair)
      if (name === undefined) continue
      const other = node.children.get(name)
      if (other !== undefined)
        this.#problem(`the key ${JSON.stringify(name)} is there twice`, key, keepOne(other.key))
      const read = this.#read(pair.value, key)
      addEntry(object, name, read.value)
      node.children.set(name, { key, node: read.node })
    }
    for (const pair of merged) this.#merge(pair, object, node)
    return object
  }

  /** As it is written, not as what YAML reads it: `1.10`, `007`, `0x1F`, `yes`, `null` and dates are names there. */
  #key(written: Written, at: Position): string | undefined {
    const named = isAlias(written) ? this.#anchors.get(written.source) : written
    if (isScalar(named)) {
      const text = named.type === 'PLAIN' ? named.source : named.value
      if (typeof text === 'string' && (text !== '' || named.type !== 'PLAIN')) return text
    }
    const problem = named === null || named === undefined || isScalar(named) ? 'a key is missing' : NO_KEY
    this.#problem(problem, at, '"name: value" needs a name; in quotes, it may hold anything')
    return undefined
  }

  /** What a merge key brings stands where its anchor is; the map's own entries win, then those of what comes first. */
  #merge(pair: Pair<Written, Written>, object: object, node: PositionNode): void {
    const at = this.#at(pair.key, node.at)
    const sources = isSeq(pair.value) ? (pair.value.items as Written[]) : [pair.value]
    for (const source of sources) {
      const read = this.#read(source, at)
      if (typeof read.value !== 'object' || read.value === null || Array.isArray(read.value)) {
        this.#problem('"<<" takes over the keys of an object, and this is none', this.#at(source, at))
        continue
      }
      for (const [name, value] of Object.entries(read.value)) {
        if (++this.#merged > MOST_VALUES) return this.#tooManyMerged(at)
        if (Object.hasOwn(object, name)) continue
        addEntry(object, name, value)
        const place = read.node.children.get(name)
        if (place !== undefined) node.children.set(name, place)
      }
    }
  }

  #tooManyMerged(at: Position): void {
    if (this.#merged !== MOST_VALUES + 1) return
    const message = `"<<" takes over more than ${MOST_VALUES} keys in all`
    this.#problem(message, at, 'objects that take over each other hold the keys of all before them')
  }

  #problem(message: string, at: Position, hint?: string): void {
    if (this.problems.length < MOST_PROBLEMS)
      this.problems.push({ message, ...at, ...(hint !== undefined && { hint }) })
  }

  #at(node: Written, otherwise: Position): Position {
    const offset = node?.range?.[0]
    return offset === undefined ? otherwise : this.#position(offset)
  }
}

function keepOne({ line }: Position): string {
  return `keep one of them; the other is in line ${line}`
}

const NO_KEY = 'a key is a list or an object, and must be a text'
