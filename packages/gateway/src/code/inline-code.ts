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
    // Whoever made an instance knows what is in it; and what holds itself is refused by those who read on.
    if (!isPlain(value) || seen.has(value)) return value
    seen.add(value)
    const copy = Array.isArray(value)
      ? value.map((item, index): unknown => replaced(item, [...path, index]))
      : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item, [...path, key])]))
    seen.delete(value)
    return copy
  }
  return hasCode(input, new Set()) ? { input: replaced(input, []), code } : { input, code }
}

/** A function, or an object with a method `fetch`. */
export function isCode(value: unknown): boolean {
  if (typeof value === 'function') return true
  return (
    typeof value === 'object' && value !== null && typeof (value as { fetch?: unknown }).fetch === 'function'
  )
}

/** Most configurations have none, and are left as they are. */
function hasCode(value: unknown, seen: Set<object>): boolean {
  if (isCode(value)) return true
  if (!isPlain(value) || seen.has(value)) return false
  seen.add(value)
  return Object.values(value).some((item) => hasCode(item, seen))
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === Object.prototype || prototype === null
}
