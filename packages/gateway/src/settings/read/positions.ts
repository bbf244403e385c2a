/** A place in a file; both from 1, columns in UTF-16 code units as editors count. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Where a value starts, and the same for what it holds (entries of lists under their index). */
export interface PositionNode {
  readonly at: Position
  readonly children: Map<string, PositionChild>
  /** How a number or another scalar without quotes is written, where its value does not tell: `1.10`. */
  readonly source?: string
}

export interface PositionChild {
  readonly key: Position
  readonly node: PositionNode
}

/** Where the value at the path stands, or its key; for what is not there, the innermost thing that holds it. */
export interface Locate {
  (path: readonly PropertyKey[], part: 'key' | 'value'): Position
  /** Of the whole of it. */
  readonly root: PositionNode
}

export function locator(root: PositionNode): Locate {
  const locate = (path: readonly PropertyKey[], part: 'key' | 'value'): Position => {
    let node = root
    let found: Position = root.at
    for (const [index, key] of path.entries()) {
      const child = node.children.get(String(key))
      if (child === undefined) break
      found = part === 'key' && index === path.length - 1 ? child.key : child.node.at
      node = child.node
    }
    return found
  }
  return Object.assign(locate, { root })
}

/** Turns offsets into positions. */
export function lineIndex(text: string): (offset: number) => Position {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let [low, high] = [0, starts.length - 1]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
  }
}

/** A mistake in the syntax of a file. */
export interface SyntaxProblem extends Partial<Position> {
  readonly message: string
  readonly hint?: string
}

/** What a file holds; `problems` may come with a value, when the file can be read all the same. */
export interface FileContent {
  readonly problems: readonly SyntaxProblem[]
  readonly value?: { readonly input: unknown; readonly locate?: Locate }
}
