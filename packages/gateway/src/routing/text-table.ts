/**
 * A hash table for pieces of a text: the piece is looked up where it stands, by its bounds and the hash that was
 * computed while its end was sought, so that no string is cut out. A Map would need one for each segment of each path.
 * The keys come from the configuration alone: forged paths cannot crowd the table.
 */
export class TextTable<Value extends object> {
  private readonly mask: number
  private readonly keys: (string | undefined)[]
  private readonly values: (Value | undefined)[]

  /** @param hash must give for a whole key what the caller of `get` computes for a piece */
  constructor(entries: ReadonlyMap<string, Value>, hash: (key: string) => number) {
    let size = 4
    // At most half full: a miss ends at the first or second place.
    while (size < entries.size * 2) size *= 2
    this.mask = size - 1
    this.keys = Array.from<string | undefined>({ length: size }).fill(undefined)
    this.values = Array.from<Value | undefined>({ length: size }).fill(undefined)
    for (const [key, value] of entries) {
      let place = this.place(hash(key))
      while (this.keys[place] !== undefined) place = (place + 1) & this.mask
      this.keys[place] = key
      this.values[place] = value
    }
  }

  /** The value of the key that stands in `text` from `start` to `end`. */
  get(text: string, start: number, end: number, hash: number): Value | undefined {
    let place = this.place(hash)
    let key = this.keys[place]
    while (key !== undefined) {
      if (key.length === end - start && text.startsWith(key, start)) return this.values[place]
      place = (place + 1) & this.mask
      key = this.keys[place]
    }
    return undefined
  }

  private place(hash: number): number {
    return (hash ^ (hash >>> 15)) & this.mask
  }
}

/** The hash of an empty piece; `hashStep` takes it on by one character (FNV-1a). */
export const HASH_START: number = 0x811c9dc5 | 0

export function hashStep(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193)
}

/** Of a key read from its start. */
export function hashForward(key: string): number {
  let hash = HASH_START
  for (let index = 0; index < key.length; index++) hash = hashStep(hash, key.charCodeAt(index))
  return hash
}

/** Of a key read from its end. */
export function hashBackward(key: string): number {
  let hash = HASH_START
  for (let index = key.length - 1; index >= 0; index--) hash = hashStep(hash, key.charCodeAt(index))
  return hash
}
