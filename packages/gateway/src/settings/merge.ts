import { fieldOf, isFields } from './problems/fields.ts'

// How a setting that a nearer and a farther layer both have is put together where the nearer one replaces a part only. The nearest part
// comes first, which is the route's own if it has one, so that items of its own keep their positions in a list. What is not of the
// expected form, the schema tells.

export interface InheritedSetting {
  /** Within the route: `['match', 'host']`. */
  readonly path: readonly PropertyKey[]
  /** Where it is written: `['groups', 'api', 'match', 'host']`. */
  readonly origin: readonly PropertyKey[]
}

/** A setting as one layer has it. */
export interface Part {
  readonly value: unknown
  /** Where it is written. */
  readonly origin: readonly PropertyKey[]
  readonly isOwn: boolean
}

/** What several parts make together, with the places within it that are not the route's own. */
export interface Merged {
  readonly value: unknown
  readonly places: readonly InheritedSetting[]
}

/** The same places, seen from further out. */
export function placesOf(
  places: readonly InheritedSetting[],
  below: readonly PropertyKey[],
): InheritedSetting[] {
  return places.map(({ path, origin }) => ({ path: [...below, ...path], origin }))
}

/** The place of a whole part, unless it is the route's own. */
export function placeOf({ origin, isOwn }: Part, path: readonly PropertyKey[]): InheritedSetting[] {
  return isOwn ? [] : [{ path, origin }]
}

/** Each part's value under the key, where it has one. */
function partsUnder(parts: readonly Part[], key: string): Part[] {
  return parts.flatMap(({ value, origin, isOwn }) => {
    const inner = fieldOf(value, key)
    return inner === undefined ? [] : [{ value: inner, origin: [...origin, key], isOwn }]
  })
}

function keysOf(parts: readonly Part[]): Set<string> {
  return new Set(parts.flatMap(({ value }) => (isFields(value) ? Object.keys(value) : [])))
}

/** @param sameKey what keys have in common that mean the same */
export function mergeKeys(
  parts: readonly Part[],
  merge: (key: string, found: readonly Part[]) => Merged,
  sameKey: (key: string) => string = (key) => key,
): Merged {
  if (!parts.every(({ value }) => isFields(value))) return nearest('', parts)
  const values = new Map<string, unknown>()
  const places: InheritedSetting[] = []
  const taken = new Set<string>()
  for (const key of keysOf(parts)) {
    if (taken.has(sameKey(key))) continue
    taken.add(sameKey(key))
    const found = partsUnder(parts, key)
    const merged = found.length > 1 ? merge(key, found) : nearest(key, found)
    values.set(key, merged.value)
    places.push(...placesOf(merged.places, [key]))
  }
  return { value: Object.fromEntries(values), places }
}

export function joinLists(parts: readonly Part[]): Merged {
  const items: unknown[] = []
  const places: InheritedSetting[] = []
  for (const part of parts) {
    if (!Array.isArray(part.value)) return nearest('', parts)
    for (const [index, item] of part.value.entries()) {
      places.push(...placeOf({ ...part, origin: [...part.origin, index] }, [items.length]))
      items.push(item)
    }
  }
  return { value: items, places }
}

export function nearest(_key: string, [part]: readonly Part[]): Merged {
  return { value: part?.value, places: part === undefined ? [] : placeOf(part, []) }
}

export function lowerCase(name: string): string {
  return name.toLowerCase()
}
