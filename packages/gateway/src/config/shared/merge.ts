import type { SharedSettingsInput } from '../input/input.ts'
import type { HeaderChangesConfig } from '../../features/header-changes.ts'
import { fieldOf, fieldsOf, isFields, listOf } from '../../settings/problems/fields.ts'

/** What routes share, as it was written: routes themselves are complete, whatever they have it from. */
export interface SharedConfig {
  readonly defaults?: SharedSettingsInput | undefined
  readonly groups?: Readonly<Record<string, SharedSettingsInput>> | undefined
  /** Of `defaults`: they hold for answers that no route gives, too. */
  readonly responseHeaders?: HeaderChangesConfig | undefined
  /** Of each route, in their order. */
  readonly routes: readonly RouteSharing[]
}

export interface RouteSharing {
  /** Names of groups, the nearest one last. */
  readonly use: readonly string[]
  /** Settings that it does not take over. */
  readonly without: readonly string[]
  /** What it has from elsewhere, in the order of the paths. */
  readonly inherited: readonly InheritedSetting[]
}

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

// The two settings of which a nearer layer replaces a part only. The nearest part comes first, which is the route's own if it
// has one, so that items of its own keep their positions in a list. What is not of the expected form, the schema tells.

/** By what they name: the nearest one counts. Names of fields, parameters and cookies by name; all of `all` must match. */
export function mergeMatches(parts: readonly Part[]): Merged {
  return mergeKeys(parts, (key, found) => {
    if (key === 'all') return joinLists(found)
    if (key === 'headers') return mergeKeys(found, nearest, lowerCase)
    return key === 'query' || key === 'cookies' ? mergeKeys(found, nearest) : nearest(key, found)
  })
}

/** By the names of the fields: of what farther layers do to one, nothing is left where a nearer one names it. */
export function mergeHeaderChanges(parts: readonly Part[]): Merged {
  const named = new Set<string>()
  const left = parts.map((part) => {
    const changes = changesOf(part).filter(({ name }) => !named.has(name))
    for (const { name } of changes) named.add(name)
    return { part, changes }
  })
  const sections = new Map<string, unknown>()
  const places: InheritedSetting[] = []
  for (const kind of ['set', 'add']) {
    const values = new Map<string, unknown>()
    for (const { part, changes } of left) {
      for (const { key, value } of changes.filter((change) => change.kind === kind)) {
        values.set(key, value)
        places.push(...placeOf({ ...part, origin: [...part.origin, kind, key] }, [kind, key]))
      }
    }
    sections.set(kind, Object.fromEntries(values))
  }
  const removed: unknown[] = []
  for (const { part, changes } of left) {
    for (const { key, value } of changes.filter((change) => change.kind === 'remove')) {
      places.push(
        ...placeOf({ ...part, origin: [...part.origin, 'remove', Number(key)] }, ['remove', removed.length]),
      )
      removed.push(value)
    }
  }
  return { value: { ...Object.fromEntries(sections), remove: removed }, places }
}

interface Change {
  readonly kind: string
  /** Of the field, in lower case. */
  readonly name: string
  /** As it is written, or the position in a list. */
  readonly key: string
  readonly value: unknown
}

function changesOf({ value }: Part): Change[] {
  const changes = fieldsOf(value)
  return [
    ...['set', 'add'].flatMap((kind) =>
      Object.entries(fieldsOf(changes[kind])).map(([key, each]) => {
        return { kind, name: lowerCase(key), key, value: each }
      }),
    ),
    ...listOf(changes['remove']).map((each, index) => {
      return {
        kind: 'remove',
        name: typeof each === 'string' ? lowerCase(each) : '',
        key: String(index),
        value: each,
      }
    }),
  ]
}

/** @param sameKey what keys have in common that mean the same */
function mergeKeys(
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

function joinLists(parts: readonly Part[]): Merged {
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

function nearest(_key: string, [part]: readonly Part[]): Merged {
  return { value: part?.value, places: part === undefined ? [] : placeOf(part, []) }
}

function lowerCase(name: string): string {
  return name.toLowerCase()
}
