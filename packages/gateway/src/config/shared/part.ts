import { isFields } from '../../settings/problems/fields.ts'
import type { InheritedSetting } from './shared-config.ts'

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
export function partsUnder(parts: readonly Part[], key: string): Part[] {
  return parts.flatMap(({ value, origin, isOwn }) => {
    const inner = isFields(value) && Object.hasOwn(value, key) ? value[key] : undefined
    return inner === undefined ? [] : [{ value: inner, origin: [...origin, key], isOwn }]
  })
}

export function keysOf(parts: readonly Part[]): Set<string> {
  return new Set(parts.flatMap(({ value }) => (isFields(value) ? Object.keys(value) : [])))
}
