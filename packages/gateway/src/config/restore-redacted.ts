import { formatPath, type Path } from '../settings/problems/problem.ts'
import { HIDDEN } from '../settings/redact-text.ts'

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

/** What somebody sent who was shown the configuration in force. */
export interface Restored {
  /** With the secrets in force in place of what was shown for them. */
  readonly input: unknown
  /** Whether the text at that place of it is the one that the configuration in force has there. */
  readonly isInForce: (path: Path) => boolean
}

/**
 * What somebody sends back who was shown a configuration without its secrets: where it holds what was shown in place of a
 * secret, that is the secret again. Items of lists are found by their names; what has none, by its place in a list as long.
 * @param current what was shown, secrets included
 * @param shown the same, redacted
 * @returns a copy; a placeholder for which there is no secret in that place stays one
 */
export function restoreRedacted(given: unknown, current: unknown, shown: unknown): Restored {
  const inForce = new Set<string>()
  const input = new Restoring(inForce).value(given, current, shown)
  return { input, isInForce: (path) => inForce.has(formatPath(path)) }
}

class Restoring {
  readonly #inForce: Set<string>
  readonly #path: PropertyKey[] = []

  /** @param inForce gets the places of texts with variables that are those in force */
  constructor(inForce: Set<string>) {
    this.#inForce = inForce
  }

  value(given: unknown, current: unknown, shown: unknown): unknown {
    if (typeof given === 'string') return this.#text(given, current, shown)
    if (typeof given !== 'object' || given === null) return given
    if (typeof current !== 'object' || current === null || typeof shown !== 'object' || shown === null)
      return given
    if (Array.isArray(given))
      return Array.isArray(current) && Array.isArray(shown) ? this.#list(given, current, shown) : given
    return Object.fromEntries(
      Object.entries(given).map(([key, item]) => [
        key,
        Object.hasOwn(current, key)
          ? this.#within(key, item, Reflect.get(current, key), Reflect.get(shown, key))
          : item,
      ]),
    )
  }

  #within(key: PropertyKey, given: unknown, current: unknown, shown: unknown): unknown {
    this.#path.push(key)
    const value = this.value(given, current, shown)
    this.#path.pop()
    return value
  }

  #text(given: string, current: unknown, shown: unknown): unknown {
    const text = given.includes(HIDDEN) ? restoredText(given, current, shown) : given
    if (typeof text === 'string' && text.includes('${') && text === soleText(current))
      this.#inForce.add(formatPath(this.#path))
    return text
  }

  #list(given: readonly unknown[], current: readonly unknown[], shown: readonly unknown[]): unknown[] {
    return given.map((item, index) => {
      const at = placeOf(item, index, given.length, shown)
      return at === undefined ? item : this.#within(index, item, current[at], shown[at])
    })
  }
}

function restoredText(given: string, current: unknown, shown: unknown): unknown {
  return given === soleText(shown) ? soleText(current) : given
}

/** One of a list of one may be written without the list. */
function soleText(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value
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
