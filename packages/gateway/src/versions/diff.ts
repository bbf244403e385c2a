/** One place in which two configurations differ. */
export interface Difference {
  /** As `routes.orders.timeout`: what has a name stands under that, everything else under its position. */
  readonly path: string
  /** Absent where it was added. */
  readonly before?: unknown
  /** Absent where it was removed. */
  readonly after?: unknown
}

/** Where two values differ, down to single settings; what only one of them has is named as a whole. */
export function differencesOf(before: unknown, after: unknown, path: string = ''): Difference[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  if (before === undefined) return [{ path, after }]
  if (after === undefined) return [{ path, before }]
  const [left, right] = [entriesOf(before), entriesOf(after)]
  if (left === undefined || right === undefined) return [{ path, before, after }]
  const keys = new Set([...left.keys(), ...right.keys()])
  const found = [...keys].flatMap((key) =>
    differencesOf(left.get(key), right.get(key), path === '' ? key : `${path}.${key}`),
  )
  // The same items in another order.
  return found.length > 0 ? found : [{ path, before: [...left.keys()], after: [...right.keys()] }]
}

/** One line each: `+` added, `-` removed, `~` changed. */
export function formatDifferences(differences: readonly Difference[]): string {
  return differences
    .map(({ path, before, after }) => {
      if (before === undefined) return `+ ${path}: ${JSON.stringify(after)}\n`
      if (after === undefined) return `- ${path}: ${JSON.stringify(before)}\n`
      return `~ ${path}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}\n`
    })
    .join('')
}

function entriesOf(value: unknown): Map<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (!Array.isArray(value)) return new Map(Object.entries(value))
  if (!value.every((item) => typeof item === 'object' && item !== null)) return undefined
  return new Map(value.map((item: object, index) => [nameOf(item) ?? String(index), item]))
}

function nameOf(item: object): string | undefined {
  for (const key of ['name', 'url', 'address']) {
    const name: unknown = Reflect.get(item, key)
    if (typeof name === 'string') return name
  }
  return undefined
}
