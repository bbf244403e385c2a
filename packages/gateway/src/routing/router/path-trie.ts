import type { Subject } from '../conditions.ts'
import { type Candidate, MethodChoices } from './method-choice.ts'
import type { PathPattern } from '../../settings/values/pattern.ts'
import { HASH_START, hashForward, hashStep, type TextEntry, TextIndex } from './text-index.ts'

/** What a search knows and leaves behind. One is used again and again: a search allocates nothing. */
export class PathSearch {
  path = ''
  /** Of the method: see `MethodChoices.row`. */
  row = 0
  subject: Subject | undefined
  /** Where the values of parameters start and end in the path, in turns. */
  readonly bounds: number[] = []
  /** Choices that allowed other methods only; undefined as long as there is none. */
  refused: number[] | undefined

  start(path: string, row: number, subject: Subject): void {
    this.path = path
    this.row = row
    this.subject = subject
    this.refused = undefined
  }

  /** The value of the parameter at `index`, counted along the path. */
  value(index: number): string {
    return this.path.slice(this.bounds[index * 2], this.bounds[index * 2 + 1])
  }
}

const SLASH = 0x2f

/** Numbers of a node; each is -1 if there is none. */
const SIZE = 4
/** The node behind a parameter. */
const PARAMETER = 0
/** The choice for paths that end here. */
const CLOSED = 1
/** The choice for paths that end here in `**`. */
const OPEN = 2
/** Whether a text can follow. */
const STATICS = 3

/** A path pattern and what it leads to. */
export interface PathEntry<Route> {
  readonly pattern: PathPattern
  readonly candidate: Candidate<Route>
}

/** The paths of all hosts: for each a tree with a level for each segment, so that the number of routes does not matter. */
export class PathTries<Route> {
  readonly choices: MethodChoices<Route>
  /** The root of each trie. */
  readonly roots: readonly number[]
  private readonly nodes: Int32Array
  private readonly statics: TextIndex

  constructor(tries: readonly Iterable<PathEntry<Route>>[]) {
    const nodes: number[] = []
    const texts: TextEntry[] = []
    const choices: (readonly Candidate<Route>[])[] = []
    let candidates = 0
    this.roots = tries.map((entries) => lay(grow(entries)))
    this.nodes = Int32Array.from(nodes)
    this.statics = new TextIndex(texts, hashForward)
    this.choices = new MethodChoices(choices)

    /** Writes a node down, with all below it next to it. */
    function lay(grown: GrowingNode<Route>): number {
      const at = nodes.length
      nodes.push(-1, choiceOf(grown.closed), choiceOf(grown.open), grown.statics.size > 0 ? 1 : -1)
      if (grown.parameter !== undefined) nodes[at + PARAMETER] = lay(grown.parameter)
      for (const [text, child] of grown.statics) texts.push({ owner: at / SIZE, text, value: lay(child) })
      return at
    }

    function choiceOf(list: readonly Candidate<Route>[]): number {
      if (list.length === 0) return -1
      choices.push(list)
      candidates += list.length
      return candidates - list.length
    }
  }

  /** The number of the most specific candidate below that root that takes path and method; -1 if there is none. */
  match(root: number, search: PathSearch): number {
    return this.walk(root, search, 1, 0)
  }

  /**
   * Tries what is more specific first and comes back where it leads nowhere. No node is seen twice in a search.
   * @param start of the segment to match; beyond the end of the path when the one before was the last
   * @param params matched so far
   */
  private walk(node: number, search: PathSearch, start: number, params: number): number {
    const { path } = search
    const { nodes } = this
    if (start > path.length) {
      const closed = this.choose(nodes[node + CLOSED] ?? -1, search)
      return closed === -1 ? this.choose(nodes[node + OPEN] ?? -1, search) : closed
    }
    const parameter = nodes[node + PARAMETER] ?? -1
    const hasStatics = nodes[node + STATICS] === 1
    if (hasStatics || parameter !== -1) {
      let end = start
      let hash = HASH_START
      for (; end < path.length; end++) {
        const code = path.charCodeAt(end)
        if (code === SLASH) break
        hash = hashStep(hash, code)
      }
      if (hasStatics) {
        const child = this.statics.get(node / SIZE, path, start, end, hash)
        const found = child === -1 ? -1 : this.walk(child, search, end + 1, params)
        if (found !== -1) return found
      }
      if (parameter !== -1 && end > start) {
        const through = this.walk(parameter, search, end + 1, params + 1)
        if (through !== -1) {
          search.bounds[params * 2] = start
          search.bounds[params * 2 + 1] = end
          return through
        }
      }
    }
    return this.choose(nodes[node + OPEN] ?? -1, search)
  }

  private choose(choice: number, search: PathSearch): number {
    if (choice === -1) return -1
    const candidate = this.choices.choose(choice, search.row, search.subject as Subject) // set by start
    if (candidate === -1) {
      search.refused ??= []
      search.refused.push(choice)
    }
    return candidate
  }
}

function grow<Route>(entries: Iterable<PathEntry<Route>>): GrowingNode<Route> {
  const root = new GrowingNode<Route>()
  for (const { pattern, candidate } of entries) root.add(pattern, candidate)
  return root
}

/** A node while routes are added. */
class GrowingNode<Route> {
  readonly statics = new Map<string, GrowingNode<Route>>()
  parameter: GrowingNode<Route> | undefined
  /** Of paths that end here. */
  readonly closed: Candidate<Route>[] = []
  /** Of paths that end here in `**`. */
  readonly open: Candidate<Route>[] = []

  add(pattern: PathPattern, candidate: Candidate<Route>): void {
    let node: GrowingNode<Route> = this
    for (const segment of pattern.segments) {
      if (segment.kind === 'parameter') {
        node.parameter ??= new GrowingNode()
        node = node.parameter
      } else {
        const child = node.statics.get(segment.text) ?? new GrowingNode()
        node.statics.set(segment.text, child)
        node = child
      }
    }
    const ending = pattern.open ? node.open : node.closed
    ending.push(candidate)
  }
}
