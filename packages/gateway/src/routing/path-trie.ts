import type { Subject } from './condition.ts'
import { type Candidate, MethodChoice } from './method-choice.ts'
import type { PathPattern } from './pattern.ts'
import { HASH_START, hashForward, hashStep, TextTable } from './text-table.ts'

/** What a search knows and leaves behind. One is used again and again: a search allocates nothing. */
export class PathSearch<Route> {
  path = ''
  method = ''
  subject: Subject | undefined
  /** Where the values of parameters start and end in the path, in turns. */
  readonly bounds: number[] = []
  /** What allowed other methods only; undefined as long as there is none. */
  refused: MethodChoice<Route>[] | undefined

  start(path: string, method: string, subject: Subject): void {
    this.path = path
    this.method = method
    this.subject = subject
    this.refused = undefined
  }

  /** The value of the parameter at `index`, counted along the path. */
  value(index: number): string {
    return this.path.slice(this.bounds[index * 2], this.bounds[index * 2 + 1])
  }
}

const SLASH = 0x2f

/** The paths of one host: a tree with a level for each segment, so that the number of routes does not matter. */
export class PathTrie<Route> {
  private readonly root: Node<Route>

  constructor(entries: Iterable<{ readonly pattern: PathPattern; readonly candidate: Candidate<Route> }>) {
    const root = new GrowingNode<Route>()
    for (const { pattern, candidate } of entries) root.add(pattern, candidate)
    this.root = new Node(root)
  }

  /** The most specific candidate that takes path and method. */
  match(search: PathSearch<Route>): Candidate<Route> | undefined {
    return walk(this.root, search, 1, 0)
  }
}

/**
 * Tries what is more specific first and comes back where it leads nowhere. No node is seen twice in a search.
 * @param start of the segment to match; beyond the end of the path when the one before was the last
 * @param params matched so far
 */
function walk<Route>(
  node: Node<Route>,
  search: PathSearch<Route>,
  start: number,
  params: number,
): Candidate<Route> | undefined {
  const { path } = search
  if (start > path.length) return choose(node.closed, search) ?? choose(node.open, search)
  const { statics, parameter } = node
  if (statics !== undefined || parameter !== undefined) {
    let end = start
    let hash = HASH_START
    for (; end < path.length; end++) {
      const code = path.charCodeAt(end)
      if (code === SLASH) break
      hash = hashStep(hash, code)
    }
    const child = statics?.get(path, start, end, hash)
    const found = child === undefined ? undefined : walk(child, search, end + 1, params)
    if (found !== undefined) return found
    if (parameter !== undefined && end > start) {
      const through = walk(parameter, search, end + 1, params + 1)
      if (through !== undefined) {
        search.bounds[params * 2] = start
        search.bounds[params * 2 + 1] = end
        return through
      }
    }
  }
  return choose(node.open, search)
}

function choose<Route>(
  choice: MethodChoice<Route> | undefined,
  search: PathSearch<Route>,
): Candidate<Route> | undefined {
  if (choice === undefined) return undefined
  const candidate = choice.choose(search.method, search.subject as Subject) // set by start
  if (candidate === undefined) {
    search.refused ??= []
    search.refused.push(choice)
  }
  return candidate
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

/** A node as it is searched. */
class Node<Route> {
  readonly statics: TextTable<Node<Route>> | undefined
  readonly parameter: Node<Route> | undefined
  readonly closed: MethodChoice<Route> | undefined
  readonly open: MethodChoice<Route> | undefined

  constructor(grown: GrowingNode<Route>) {
    const statics = new Map<string, Node<Route>>()
    for (const [text, child] of grown.statics) statics.set(text, new Node(child))
    this.statics = statics.size > 0 ? new TextTable(statics, hashForward) : undefined
    this.parameter = grown.parameter && new Node(grown.parameter)
    this.closed = grown.closed.length > 0 ? new MethodChoice(grown.closed) : undefined
    this.open = grown.open.length > 0 ? new MethodChoice(grown.open) : undefined
  }
}
