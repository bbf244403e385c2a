import { HIDDEN } from './redact-urls.ts'

/** What names an item of a list, for people and here: the first of these that it has. */
const NAMES = ['name', 'url', 'address', 'dns', 'srv', 'upstream'] as const

export function itemName(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null) return undefined
  for (const key of NAMES) {
    const name: unknown = Reflect.get(item, key)
    if (typeof name === 'string') return name
  }
  return undefined
}

/**
 * What somebody sends back who was shown a configuration without its secrets: where it holds what was shown in place of a
 * secret, that is the secret again. Items of lists are found by their names; what has none, by its place in a list as long.
 * @param current what was shown, secrets included
 * @param shown the same, redacted
 * @returns a copy; a placeholder for which there is no secret in that place stays one
 */
export function restoreRedacted(given: unknown, current: unknown, shown: unknown): unknown {
  if (typeof given === 'string') return given.includes(HIDDEN) ? restoredText(given, current, shown) : given
  if (typeof given !== 'object' || given === null) return given
  if (typeof current !== 'object' || current === null || typeof shown !== 'object' || shown === null)
    return given
  if (Array.isArray(given))
    return Array.isArray(current) && Array.isArray(shown) ? restoredList(given, current, shown) : given
  return Object.fromEntries(
    Object.entries(given).map(([key, item]) => [
      key,
      Object.hasOwn(current, key)
        ? restoreRedacted(item, Reflect.get(current, key), Reflect.get(shown, key))
        : item,
    ]),
  )
}

function restoredText(given: string, current: unknown, shown: unknown): unknown {
  if (given === shown) return current
  // One of a list of one may be written without the list.
  if (Array.isArray(shown) && shown.length === 1 && Array.isArray(current) && given === shown[0])
    return current[0] as unknown
  return given
}

function restoredList(
  given: readonly unknown[],
  current: readonly unknown[],
  shown: readonly unknown[],
): unknown[] {
  return given.map((item, index) => {
    const at = placeOf(item, index, given.length, shown)
    return at === undefined ? item : restoreRedacted(item, current[at], shown[at])
  })
}

/** Where in the list an item was that is sent back. */
function placeOf(
  item: unknown,
  index: number,
  length: number,
  shown: readonly unknown[],
): number | undefined {
  const name = itemName(item)
  if (name !== undefined) {
    if (itemName(shown[index]) === name) return index
    const found = shown.findIndex((each) => itemName(each) === name)
    return found < 0 ? undefined : found
  }
  const text = JSON.stringify(item)
  if (JSON.stringify(shown[index]) === text) return length === shown.length ? index : undefined
  const same = shown.flatMap((each, at) => (JSON.stringify(each) === text ? [at] : []))
  // Of several that look the same without their secrets, nobody can say which is meant.
  if (same.length > 0) return same.length === 1 ? same[0] : undefined
  return length === shown.length ? index : undefined
}
