/**
 * A keyed hash of 64 bits: HalfSipHash-1-3, as the Linux kernel uses it for its own hash tables. Whoever does not know the seed
 * cannot make two keys meet. The result is in `low` and `high`, so that hashing allocates nothing.
 */
export class KeyHash {
  low = 0
  high = 0
  private readonly first: number
  private readonly second: number
  private a = 0
  private b = 0
  private c = 0
  private d = 0

  /** @param first, second the seed, of 32 random bits each */
  constructor(first: number, second: number) {
    this.first = first | 0
    this.second = second | 0
  }

  /** Two UTF-16 units are one word; the length is in the last one, so that no key is the beginning of another. */
  hash(key: string): void {
    const { length } = key
    this.a = this.first
    this.b = this.second ^ 0xee
    this.c = 0x6c796765 ^ this.first
    this.d = 0x74656462 ^ this.second
    const whole = length & ~1
    for (let index = 0; index < whole; index += 2)
      this.absorb(key.charCodeAt(index) | (key.charCodeAt(index + 1) << 16))
    this.absorb((length & 1) === 1 ? key.charCodeAt(length - 1) | (length << 16) : length << 16)
    this.c ^= 0xee
    this.low = this.squeeze()
    this.b ^= 0xdd
    this.high = this.squeeze()
  }

  private absorb(word: number): void {
    this.d ^= word
    this.round()
    this.a ^= word
  }

  private squeeze(): number {
    this.round()
    this.round()
    this.round()
    return this.b ^ this.d
  }

  private round(): void {
    let { a, b, c, d } = this
    a = (a + b) | 0
    b = ((b << 5) | (b >>> 27)) ^ a
    a = (a << 16) | (a >>> 16)
    c = (c + d) | 0
    d = ((d << 8) | (d >>> 24)) ^ c
    a = (a + d) | 0
    d = ((d << 7) | (d >>> 25)) ^ a
    c = (c + b) | 0
    b = ((b << 13) | (b >>> 19)) ^ c
    c = (c << 16) | (c >>> 16)
    this.a = a
    this.b = b
    this.c = c
    this.d = d
  }
}
