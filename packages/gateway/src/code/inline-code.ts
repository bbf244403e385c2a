import { pointerTo } from './code-reference.ts'

/** A configuration in which texts stand for code, and the code that they stand for. */
export interface WithoutCode {
  readonly input: unknown
  /** By the text that stands in its place. */
  readonly code: ReadonlyMap<string, unknown>
}

/**
 * Puts in place of each function, and of each object that answers as `fetch` does (Hono, an h3 app, `{ fetch }`), a text that names its place:
 * what a worker thread or a version in the history gets of a configuration is data.
 * @param module where the same can be found again: the path of a file whose default export the configuration is
 */
export function withoutCode(input: unknown, module: string): WithoutCode {
  const code = new Map<string, unknown>()
  const seen = new Set<object>()
  const replaced = (value: unknown, path: readonly (string | number)[]): unknown => {
    if (isCode(value)) {
      const text = `${module}#${pointerTo(path)}`
      code.set(text, value)
      return text
    }
    const entries = entriesOf(value)
    // What holds itself is refused by those who read on.
    if (entries === undefined || seen.has(value as object)) return value
    seen.add(value as object)
    const copy = entries.map(([key, item]): [string, unknown] => [key, replaced(item, [...path, key])])
    seen.delete(value as object)
    return Array.isArray(value) ? copy.map(([, item]) => item) : Object.fromEntries(copy)
  }
  return hasCode(input, new Set()) ? { input: replaced(input, []), code } : { input, code }
}

/** A function, or an object with a method `fetch`. */
export function isCode(value: unknown): boolean {
  if (typeof value === 'function') return true
  if (typeof value !== 'object' || value === null) return false
  try {
    return typeof (value as { fetch?: unknown }).fetch === 'function'
  } catch {
    return false
  }
}

/** Most configurations have none, and are left as they are. */
function hasCode(value: unknown, seen: Set<unknown>): boolean {
  if (isCode(value)) return true
  const entries = entriesOf(value)
  if (entries === undefined || seen.has(value)) return false
  seen.add(value)
  return entries.some(([, item]) => hasCode(item, seen))
}

/**
 * Of plain objects and lists: whoever made an instance knows what is in it. Undefined also where code stands behind the members, which may throw: those who read
 * on call it, and tell where.
 */
function entriesOf(value: unknown): (readonly [key: string, item: unknown])[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  try {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return undefined
    const entries: (readonly [string, unknown])[] = []
    for (const key of Object.keys(value)) {
      const member = Object.getOwnPropertyDescriptor(value, key)
      if (member === undefined || member.get !== undefined) return undefined
      entries.push([key, member.value])
    }
    return entries
  } catch {
    return undefined
  }
}
