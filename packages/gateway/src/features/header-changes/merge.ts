import { type InheritedSetting, lowerCase, type Merged, type Part, placeOf } from '../../settings/merge.ts'
import { fieldsOf, listOf } from '../../settings/problems/fields.ts'

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
