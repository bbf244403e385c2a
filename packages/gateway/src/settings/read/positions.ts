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

/** How deep lists and objects may stand in each other: what reads them goes down with them, and its stack has an end. */
export const DEEPEST = 100

/** Values of a configuration, those counted again that an anchor or a reference brings to a second place. */
export const MOST_VALUES = 2_000_000

/** In one object. What asks for more names than that is no configuration, and to keep the place of each would cost seconds. */
export const MOST_KEYS = 100_000

/** In one list, for the same reason: each is looked at by every check. */
export const MOST_ENTRIES = 100_000

export const TOO_MANY_ENTRIES: string = `this has more than ${MOST_ENTRIES} entries`

export const TOO_MANY_KEYS: string = `this has more than ${MOST_KEYS} keys`

/** Of a file, in bytes; as much as the admin API takes. */
export const LARGEST_FILE: number = 32 * 1024 * 1024

export const TOO_DEEP: string = `this is nested deeper than ${DEEPEST} levels`

/** In files, "__proto__" is a key like any other; to define the others as well would cost five times an assignment. */
export function addEntry(object: object, name: string, value: unknown): void {
  if (name !== '__proto__') (object as Record<string, unknown>)[name] = value
  else Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
}
