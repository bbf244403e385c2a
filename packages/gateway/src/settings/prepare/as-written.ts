import type { PositionNode } from '../read/positions.ts'
import type { Replace } from './plain.ts'
import { admits } from '../schema/schema-tree.ts'

/**
 * Numbers and other scalars that YAML reads where a text is expected become the text that is written there: the version `1.10`
 * is not 1.1. In formats whose texts always have quotes, that is done only where a number is allowed, too, and another text
 * than the number's own was written.
 */
export function asWritten(root: PositionNode | undefined, isUnquoted: boolean): Replace {
  return (value, path, schemas) => {
    if ((typeof value !== 'number' && typeof value !== 'boolean') || !admits(schemas, 'string')) return value
    const isExpected = admits(schemas, typeof value === 'number' ? 'number' : 'boolean')
    if (!isExpected && !isUnquoted) return value
    const source = sourceAt(root, path)
    return source === undefined || (isExpected && source === String(value)) ? value : source
  }
}

/** How the scalar at the path is written, if it has no quotes and is no text. */
export function sourceAt(root: PositionNode | undefined, path: readonly PropertyKey[]): string | undefined {
  let node = root
  for (const key of path) node = node?.children.get(String(key))?.node
  return node?.source
}
