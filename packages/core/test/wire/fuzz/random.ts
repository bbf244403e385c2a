/** Chance from a seed: the small fast counter generator sfc32. The same seed makes the same cases on every machine. */
export class Random {
  private a: number
  private b: number
  private c: number
  private counter = 1

  constructor(seed: number) {
    this.a = 0x9e3779b9 ^ seed
    this.b = seed | 0
    this.c = Math.floor(seed / 2 ** 32) | 0
    for (let round = 0; round < 12; round++) this.next()
  }

  /** 32 bits. */
  next(): number {
    const result = (((this.a + this.b) | 0) + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (this.c << 21) | (this.c >>> 11)
    this.c = (this.c + result) | 0
    return result >>> 0
  }

  /** From 0 to `limit` - 1; 0 if there is nothing to choose from. */
  below(limit: number): number {
    return limit < 1 ? 0 : this.next() % limit
  }

  /** True in one of `times` cases. */
  oneIn(times: number): boolean {
    return this.next() % times === 0
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T // no list here is empty
  }
}
