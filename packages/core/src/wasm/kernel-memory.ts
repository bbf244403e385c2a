/** A plugin did what the ABI does not allow, or more than its limits do: its call ends here. */
export class PluginFault extends Error {}

/** Offset 0 is no block: functions of the ABI return it for "nothing". */
const FIRST_OFFSET = 8
/** What a large call took is not held for the small ones after it. */
const LARGEST_KEPT = 1_048_576

/**
 * The memory that plugin and host exchange blocks in (Extism's kernel has it in a module of its own). It is one buffer, taken from its
 * beginning by each call and emptied after it, so that a call neither allocates nor finds anything of the one before.
 */
export class KernelMemory {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(4096)
  #view = new DataView(this.#bytes.buffer)
  #top = FIRST_OFFSET
  #highest = FIRST_OFFSET
  readonly #largest: number
  /** Lengths of blocks by their offsets. */
  readonly #lengths = new Map<number, number>()

  constructor(largest: number) {
    this.#largest = largest
  }

  alloc(length: number): number {
    if (length === 0) return 0
    const offset = this.#top
    // A multiple of 8, as modules expect of what they load in 64 bits.
    const top = offset + Math.ceil(length / 8) * 8
    if (!(top <= this.#largest))
      throw new PluginFault(`a block of ${length} bytes is beyond the limit of ${this.#largest} bytes`)
    if (top > this.#bytes.length) this.#grow(top)
    this.#top = top
    if (top > this.#highest) this.#highest = top
    this.#lengths.set(offset, length)
    return offset
  }

  free(offset: number): void {
    const length = this.#lengths.get(offset)
    if (length === undefined) return
    this.#lengths.delete(offset)
    // The last block gives its place back at once; others do when the call ends.
    const end = offset + Math.ceil(length / 8) * 8
    if (end !== this.#top) return
    this.#bytes.fill(0, offset, end)
    this.#top = offset
  }

  /** 0 for what is no block. */
  length(offset: number): number {
    return this.#lengths.get(offset) ?? 0
  }

  store(bytes: Uint8Array): number {
    const offset = this.alloc(bytes.length)
    this.#bytes.set(bytes, offset)
    return offset
  }

  copy(offset: number, length: number = this.length(offset)): Uint8Array<ArrayBuffer> {
    if (length > 0) this.#within(offset, length)
    return this.#bytes.slice(offset, offset + length)
  }

  text(offset: number): string {
    return Buffer.from(this.#bytes.buffer, offset, this.length(offset)).toString('utf8')
  }

  loadByte(offset: number): number {
    this.#within(offset, 1)
    return this.#view.getUint8(offset)
  }

  loadWord(offset: number): bigint {
    this.#within(offset, 8)
    return this.#view.getBigUint64(offset, true)
  }

  storeByte(offset: number, value: number): void {
    this.#within(offset, 1)
    this.#view.setUint8(offset, value)
  }

  storeWord(offset: number, value: bigint): void {
    this.#within(offset, 8)
    this.#view.setBigInt64(offset, value, true)
  }

  empty(): void {
    if (this.#bytes.length > LARGEST_KEPT) this.#use(new Uint8Array(4096))
    else this.#bytes.fill(0, 0, this.#highest)
    this.#top = this.#highest = FIRST_OFFSET
    this.#lengths.clear()
  }

  #within(offset: number, length: number): void {
    if (offset >= FIRST_OFFSET && offset + length <= this.#top) return
    throw new PluginFault(`offset ${offset} is in no block`)
  }

  #grow(top: number): void {
    const bytes = new Uint8Array(Math.min(this.#largest, Math.max(top, this.#bytes.length * 2)))
    bytes.set(this.#bytes)
    this.#use(bytes)
  }

  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }
}
