/** An entry of a `TextIndex`. */
export interface TextEntry {
  /** A whole number from 0: texts of one owner are apart from those of another. */
  readonly owner: number
  readonly text: string
  /** A whole number from 0. */
  readonly value: number
}

/** Numbers of a place: owner + 1 (0 for a free one), the text's hash, where its letters are, its value. */
const PLACE = 4

/**
 * A hash table for pieces of a text: the piece is looked up where it stands, by its bounds and the hash that was computed
 * while its end was sought, so that no string is cut out. A Map would need one for each segment of each path.
 *
 * It is made of numbers, in one piece, and each text stands in it once: among 10,000 routes, what a look-up costs is not what
 * it does, but how often it goes where the processor's cache has not been. Objects, a Map for each segment, took 2.7 times as
 * long there as among 10 routes.
 *
 * The keys come from the configuration alone: forged paths cannot crowd the table.
 */
export class TextIndex {
  private readonly places: Int32Array
  private readonly mask: number
  private readonly letters: Uint16Array

  /**
   * @param entries each text of an owner once
   * @param hash must give for a whole text what the caller of `get` computes for a piece
   * @throws TypeError if a text is longer than 65,535 letters
   */
  constructor(entries: readonly TextEntry[], hash: (text: string) => number) {
    let size = 4
    // At most half full: a miss ends at the first or second place.
    while (size < entries.length * 2) size *= 2
    this.places = new Int32Array(size * PLACE)
    this.mask = size - 1
    const { letters, starts } = written(entries)
    this.letters = letters
    for (const { owner, text, value } of entries) {
      const hashed = hash(text)
      let place = this.place(owner, hashed)
      while (this.places[place] !== 0) place = (place + PLACE) & (this.places.length - 1)
      this.places.set([owner + 1, hashed, starts.get(text) ?? 0, value], place)
    }
  }

  /** The value of the owner's text that stands in `source` from `start` to `end`; -1 if there is none. */
  get(owner: number, source: string, start: number, end: number, hash: number): number {
    const { places } = this
    const wrap = places.length - 1
    let place = this.place(owner, hash)
    for (let found = places[place]; found !== 0; found = places[place]) {
      if (
        found === owner + 1 &&
        places[place + 1] === hash &&
        this.isAt(places[place + 2] ?? 0, source, start, end)
      ) {
        return places[place + 3] ?? -1
      }
      place = (place + PLACE) & wrap
    }
    return -1
  }

  private place(owner: number, hash: number): number {
    const mixed = hash ^ Math.imul(owner + 1, 0x9e3779b1)
    return ((mixed ^ (mixed >>> 15)) & this.mask) * PLACE
  }

  private isAt(letter: number, source: string, start: number, end: number): boolean {
    const { letters } = this
    if (letters[letter] !== end - start) return false
    for (let index = start, at = letter + 1; index < end; index++, at++) {
      if (source.charCodeAt(index) !== letters[at]) return false
    }
    return true
  }
}

/** Each text once: its length, then its letters. */
function written(entries: readonly TextEntry[]): { letters: Uint16Array; starts: Map<string, number> } {
  const starts = new Map<string, number>()
  let length = 0
  for (const { text } of entries) {
    if (starts.has(text)) continue
    starts.set(text, length)
    length += 1 + text.length
  }
  const letters = new Uint16Array(length)
  for (const [text, start] of starts) {
    if (text.length > 0xffff) throw new TypeError(`"${text.slice(0, 50)}…" is longer than 65535 letters`)
    letters[start] = text.length
    for (let index = 0; index < text.length; index++) letters[start + 1 + index] = text.charCodeAt(index)
  }
  return { letters, starts }
}

/** The hash of an empty piece; `hashStep` takes it on by one character (FNV-1a). */
export const HASH_START: number = 0x811c9dc5 | 0

export function hashStep(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193)
}

/** Of a text read from its start. */
export function hashForward(text: string): number {
  let hash = HASH_START
  for (let index = 0; index < text.length; index++) hash = hashStep(hash, text.charCodeAt(index))
  return hash
}

/** Of a text read from its end. */
export function hashBackward(text: string): number {
  let hash = HASH_START
  for (let index = text.length - 1; index >= 0; index--) hash = hashStep(hash, text.charCodeAt(index))
  return hash
}
