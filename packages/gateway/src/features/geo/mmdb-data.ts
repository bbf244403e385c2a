/** What is in the data section of a MaxMind DB file: https://maxmind.github.io/MaxMind-DB/ */
export type MmdbValue =
  | string
  | number
  | boolean
  | Uint8Array
  | readonly MmdbValue[]
  | ReadonlyMap<string, MmdbValue>

/** The file is not what it should be. The message continues a sentence: `it is cut short`. */
export class MmdbError extends Error {
  override readonly name = 'MmdbError'
}

/** Bytes that one record may take, each value counted with 16 more: real ones take less than a hundredth. */
const MOST_WORK = 1 << 18
const VALUE_WORK = 16
/** How deep maps and lists may be in each other. Pointers count: one may lead back to where it stands. */
const DEEPEST = 32

const POINTER = 1
const STRING = 2
const DOUBLE = 3
const BYTES = 4
const MAP = 7
const INT32 = 8
const LIST = 11
const BOOLEAN = 14
const FLOAT = 15
/** uint16, uint32, uint64, uint128. */
const UNSIGNED: ReadonlySet<number> = new Set([5, 6, 9, 10])

/** What a pointer's value starts at, by its size. */
const POINTER_BASES = [0, 2048, 526336, 0]

/**
 * Reads values. What a file says of its sizes and pointers is not believed: whatever is in it, one record takes bounded time
 * and memory, and nothing outside the section is read.
 */
export class MmdbData {
  private readonly bytes: Buffer
  private readonly start: number
  private readonly end: number
  private offset = 0
  private work = 0

  /** @param start where pointers count from */
  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes
    this.start = start
    this.end = end
  }

  /**
   * The value that begins there, counted from the start of the file.
   * @throws MmdbError if there is none
   */
  read(offset: number): MmdbValue {
    this.offset = offset
    this.work = 0
    return this.value(0)
  }

  private value(depth: number): MmdbValue {
    if (depth > DEEPEST) throw new MmdbError('a record is in itself, or too deep')
    const control = this.byte()
    let type = control >> 5
    if (type === POINTER) return this.pointed(control, depth)
    if (type === 0) type = 7 + this.byte()
    const size = this.size(control & 0x1f)
    this.charge(VALUE_WORK + (type === BOOLEAN || type === MAP || type === LIST ? 0 : size))
    if (type === STRING) return this.text(size)
    if (type === MAP) return this.map(size, depth)
    if (type === LIST) return this.list(size, depth)
    return this.scalar(type, size)
  }

  private pointed(control: number, depth: number): MmdbValue {
    this.charge(VALUE_WORK)
    const size = (control >> 3) & 3
    const low = size === 3 ? 0 : control & 7
    const target = low * 256 ** (size + 1) + this.unsigned(size + 1) + (POINTER_BASES[size] ?? 0)
    const after = this.offset
    this.offset = this.start + target
    const value = this.value(depth + 1)
    this.offset = after
    return value
  }

  private map(size: number, depth: number): MmdbValue {
    const map = new Map<string, MmdbValue>()
    for (let index = 0; index < size; index++) {
      const key = this.value(depth + 1)
      if (typeof key !== 'string') throw new MmdbError('a key is no text')
      map.set(key, this.value(depth + 1))
    }
    return map
  }

  private list(size: number, depth: number): MmdbValue {
    // It grows as it is filled: what it says of its size may be anything.
    const list: MmdbValue[] = []
    for (let index = 0; index < size; index++) list.push(this.value(depth + 1))
    return list
  }

  private scalar(type: number, size: number): MmdbValue {
    if (type === BOOLEAN) return size !== 0
    if (UNSIGNED.has(type) && size <= 16) return this.unsigned(size)
    const at = this.take(size)
    if (type === DOUBLE && size === 8) return this.bytes.readDoubleBE(at)
    if (type === FLOAT && size === 4) return this.bytes.readFloatBE(at)
    if (type === BYTES) return this.bytes.subarray(at, at + size)
    if (type === INT32 && size <= 4) {
      this.offset = at
      const value = this.unsigned(size)
      return size === 4 ? value | 0 : value
    }
    throw new MmdbError('a value is of no known type')
  }

  private text(size: number): string {
    const at = this.take(size)
    return this.bytes.toString('utf8', at, at + size)
  }

  /** How long the value is, or how many entries it has. */
  private size(bits: number): number {
    if (bits < 29) return bits
    if (bits === 29) return 29 + this.unsigned(1)
    return bits === 30 ? 285 + this.unsigned(2) : 65_821 + this.unsigned(3)
  }

  /** Big-endian; of what exceeds 53 bits, the lowest are lost. */
  private unsigned(size: number): number {
    let value = 0
    for (let index = 0; index < size; index++) value = value * 256 + this.byte()
    return value
  }

  private byte(): number {
    return this.bytes[this.take(1)] as number // within the section
  }

  /** Where the next `size` bytes are. */
  private take(size: number): number {
    const at = this.offset
    if (at < this.start || at + size > this.end) throw new MmdbError('a record leads out of the data')
    this.offset = at + size
    return at
  }

  private charge(work: number): void {
    this.work += work
    if (this.work > MOST_WORK) throw new MmdbError('a record is larger than any can be')
  }
}
