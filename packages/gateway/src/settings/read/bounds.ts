/** How deep lists and objects may stand in each other: what reads them goes down with them, and its stack has an end. */
export const DEEPEST = 100

/** Values of a configuration, those counted again that an anchor or a reference brings to a second place. */
export const MOST_VALUES = 2_000_000

/** In one object. What asks for more names than that is no configuration, and to keep the place of each would cost seconds. */
export const MOST_KEYS = 100_000

/** In one list, for the same reason: each is looked at by every check. */
export const MOST_ENTRIES = 100_000

export const TOO_MANY_ENTRIES: string = `this has more than ${MOST_ENTRIES} entries`

export const TOO_MANY_KEYS: string = `this has more than ${MOST_KEYS} keys`

/** Of a file, in bytes; as much as the admin API takes. */
export const LARGEST_FILE: number = 32 * 1024 * 1024

export const TOO_DEEP: string = `this is nested deeper than ${DEEPEST} levels`

/** In files, "__proto__" is a key like any other; to define the others as well would cost five times an assignment. */
export function addEntry(object: object, name: string, value: unknown): void {
  if (name !== '__proto__') (object as Record<string, unknown>)[name] = value
  else Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
}
