import { itemName } from '../config/restore-redacted.ts'

/** One place in which two configurations differ. */
export interface Difference {
  /** As `routes.orders.timeout`: what has a name stands under that, everything else under its position. */
  readonly path: string
  /** Absent where it was added. */
  readonly before?: unknown
  /** Absent where it was removed. */
  readonly after?: unknown
}

/** A value, and what of it may be shown. */
export interface Shown {
  readonly whole: unknown
  readonly shown: unknown
}

/** What is said of a secret in place of which there is another one. */
const CHANGED = ' (changed)'
const NOTHING: Shown = { whole: undefined, shown: undefined }

/**
 * Where two values differ, down to single settings; what only one of them has is named as a whole. Secrets are compared, and
 * not shown.
 */
export function differencesOf(before: Shown, after: Shown, path: string = ''): Difference[] {
  if (JSON.stringify(before.whole) === JSON.stringify(after.whole)) return []
  if (before.whole === undefined) return [{ path, after: after.shown }]
  if (after.whole === undefined) return [{ path, before: before.shown }]
  const [left, right] = [entriesOf(before), entriesOf(after)]
  if (left === undefined || right === undefined) return [leaf(before.shown, after.shown, path)]
  const keys = new Set([...left.keys(), ...right.keys()])
  const found = [...keys].flatMap((key) => {
    const [one, other] = [left.get(key), right.get(key)]
    const name = (other ?? one)?.name ?? key
    return differencesOf(one ?? NOTHING, other ?? NOTHING, path === '' ? name : `${path}.${name}`)
  })
  if (found.length > 0) return found
  // The same items in another order.
  return [{ path, before: namesOf(left), after: namesOf(right) }]
}

function leaf(before: unknown, after: unknown, path: string): Difference {
  const isSame = JSON.stringify(before) === JSON.stringify(after)
  const shown = typeof after === 'string' ? after : JSON.stringify(after)
  return { path, before, after: isSame ? `${shown}${CHANGED}` : after }
}

/** One line each: `+` added, `-` removed, `~` changed; a line that says so where there is none. */
export function formatDifferences(differences: readonly Difference[]): string {
  if (differences.length === 0) return 'nothing differs\n'
  return differences
    .map(({ path: written, before, after }) => {
      const path = written.replaceAll('\n', '\\n')
      if (before === undefined) return `+ ${path}: ${JSON.stringify(after)}\n`
      if (after === undefined) return `- ${path}: ${JSON.stringify(before)}\n`
      return `~ ${path}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}\n`
    })
    .join('')
}

interface Entry extends Shown {
  /** As it may be shown. */
  readonly name: string
}

function entriesOf({ whole, shown }: Shown): Map<string, Entry> | undefined {
  if (typeof whole !== 'object' || whole === null || typeof shown !== 'object' || shown === null)
    return undefined
  const entries = new Map<string, Entry>()
  if (!Array.isArray(whole)) {
    for (const [key, item] of Object.entries(whole))
      entries.set(key, { name: key, whole: item, shown: Reflect.get(shown, key) })
    return entries
  }
  if (!whole.every((item) => typeof item === 'object' && item !== null)) return undefined
  for (const [index, item] of whole.entries()) {
    const part: unknown = Reflect.get(shown, index)
    const [key, name] = [itemName(item) ?? String(index), itemName(part) ?? String(index)]
    // Several may have the same name.
    const place = entries.has(key) ? ` #${index}` : ''
    entries.set(`${key}${place}`, { name: `${name}${place}`, whole: item, shown: part })
  }
  return entries
}

function namesOf(entries: ReadonlyMap<string, Entry>): string[] {
  return Array.from(entries.values(), ({ name }) => name)
}
