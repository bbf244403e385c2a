interface Entry<Value> {
  readonly value: Value
  /** Asked for since it was last considered for eviction. */
  used: boolean
}

/**
 * What a policy knows of each key, for at most `limit` keys: beyond that the one goes that was not asked for in the longest
 * time, roughly (CLOCK, Corbató 1968: a second chance in place of moving an entry at each look, so that `get` writes one flag).
 */
export class BoundedMap<Value> {
  private readonly entries = new Map<string, Entry<Value>>()
  private readonly limit: number

  /** @throws TypeError if `limit` is not a whole number above 0 */
  constructor(limit: number) {
    if (!Number.isInteger(limit) || limit < 1)
      throw new TypeError(`the most keys to keep is ${limit}: use a whole number above 0`)
    this.limit = limit
  }

  get size(): number {
    return this.entries.size
  }

  get(key: string): Value | undefined {
    const entry = this.entries.get(key)
    if (entry === undefined) return undefined
    entry.used = true
    return entry.value
  }

  /** Without counting as a use. */
  peek(key: string): Value | undefined {
    return this.entries.get(key)?.value
  }

  set(key: string, value: Value): void {
    if (!this.entries.has(key)) while (this.entries.size >= this.limit) this.evict()
    this.entries.set(key, { value, used: false })
  }

  delete(key: string): boolean {
    return this.entries.delete(key)
  }

  clear(): void {
    this.entries.clear()
  }

  *[Symbol.iterator](): IterableIterator<[key: string, value: Value]> {
    for (const [key, { value }] of this.entries) yield [key, value]
  }

  /** Each entry passed over loses its flag, so this ends; what was passed over goes to the end of the line. */
  private evict(): void {
    for (const [key, entry] of this.entries) {
      this.entries.delete(key)
      if (!entry.used) return
      entry.used = false
      this.entries.set(key, entry)
    }
  }
}
