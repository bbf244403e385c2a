import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Document, Node, Pair, YAMLError, YAMLMap } from 'yaml'
import { locator } from './positions.ts'
import type { FileContent, Position, PositionNode, SyntaxProblem } from './positions.ts'

/** Enough for anything written by hand, too few for a file that expands to gigabytes. */
const MOST_ALIASES = 100
/** One bad indentation makes many errors; the first few tell all. */
const MOST_PROBLEMS = 10

/** Reads YAML 1.2, with anchors and merge keys; repeated keys and unknown tags are problems. */
export function readYaml(text: string): FileContent {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    merge: true,
  })
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const problems = [...document.errors, ...document.warnings].map((error) => toProblem(error, text, position))
  // Repeated keys leave a document that can be read: its other mistakes are reported with them.
  if (document.errors.some((error) => error.code !== 'DUPLICATE_KEY'))
    return { problems: problems.slice(0, MOST_PROBLEMS) }
  try {
    const input: unknown = document.toJS({ maxAliasCount: MOST_ALIASES })
    return { problems, value: { input, locate: locator(new PositionReader(document, position).root()) } }
  } catch (error) {
    // An alias without an anchor, or too many of them: yaml finds out only now.
    return { problems: [...problems, { message: error instanceof Error ? error.message : String(error) }] }
  }
}

function toProblem(error: YAMLError, text: string, position: (offset: number) => Position): SyntaxProblem {
  const [start, end] = error.pos
  const at = position(start)
  if (error.code === 'DUPLICATE_KEY') {
    const key = /^[^\s:,{}]*/.exec(text.slice(start, end + 100))?.[0] ?? ''
    return { message: `the key ${JSON.stringify(key)} is there twice`, ...at }
  }
  const hint = error.code === 'TAB_AS_INDENT' ? { hint: 'YAML is indented with spaces' } : {}
  return { message: error.message.replaceAll(/\s+/g, ' '), ...at, ...hint }
}

class PositionReader {
  readonly #document: Document.Parsed
  readonly #position: (offset: number) => Position
  /** Anchored nodes are met several times, and may even hold themselves. */
  readonly #known = new Map<Node, PositionNode>()

  constructor(document: Document.Parsed, position: (offset: number) => Position) {
    this.#document = document
    this.#position = position
  }

  root(): PositionNode {
    return this.#read(this.#document.contents, { line: 1, column: 1 })
  }

  #read(written: unknown, otherwise: Position): PositionNode {
    const node = isAlias(written) ? written.resolve(this.#document) : written
    if (!isNode(node)) return { at: otherwise, children: new Map() }
    const known = this.#known.get(node)
    if (known !== undefined) return known
    const isEmpty = isScalar(node) && node.range?.[0] === node.range?.[1]
    const read: PositionNode = { at: isEmpty ? otherwise : this.#at(node, otherwise), children: new Map() }
    this.#known.set(node, read)
    if (isMap(node)) this.#entries(node, read)
    if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) {
        const key = this.#at(item, read.at)
        read.children.set(String(index), { key, node: this.#read(item, key) })
      }
    }
    return read
  }

  #entries(map: YAMLMap, read: PositionNode): void {
    const merged: Pair[] = []
    for (const pair of map.items) {
      const key = this.#at(pair.key, read.at)
      const value = isScalar(pair.key) ? pair.key.value : pair.key
      // With `merge`, an unquoted "<<" is read as a symbol.
      if (typeof value === 'symbol') merged.push(pair)
      else read.children.set(String(value), { key, node: this.#read(pair.value, key) })
    }
    for (const pair of merged) this.#merge(pair, read)
  }

  /** What a merge key brings stands where its anchor is; the map's own entries win. */
  #merge(pair: Pair, read: PositionNode): void {
    const value = isAlias(pair.value) ? pair.value.resolve(this.#document) : pair.value
    const sources = isSeq(value) ? value.items : [value]
    for (const source of sources) {
      for (const [name, child] of this.#read(source, read.at).children) {
        if (!read.children.has(name)) read.children.set(name, child)
      }
    }
  }

  #at(node: unknown, otherwise: Position): Position {
    const offset = isNode(node) ? node.range?.[0] : undefined
    return offset === undefined ? otherwise : this.#position(offset)
  }
}
