import type { SplitUpstreamConfig } from './setting.ts'

/**
 * The weights of a split, which may be changed while it serves. They lie in memory that threads may share: one of them writes,
 * and the others see it with their next request, without a message. All zero, as memory is at first, means: as configured.
 *
 * Slot 0 is the version, and then come two sets of weights, of which the version's last bit says which one counts. So all
 * weights change at once: were they written where they are read, a switch would show a moment in which all are 0.
 */
export class SplitWeights {
  /** Of the upstreams, in the order of the configuration. */
  readonly names: readonly string[]
  readonly configured: readonly number[]
  private slots: Int32Array<SharedArrayBuffer>

  /**
   * @param memory of another thread's; by default its own
   * @throws TypeError if the memory is made for another number of upstreams
   */
  constructor(
    upstreams: readonly SplitUpstreamConfig[],
    memory: SharedArrayBuffer = new SharedArrayBuffer(memorySize(upstreams.length)),
  ) {
    this.names = upstreams.map(({ upstream }) => upstream)
    this.configured = upstreams.map(({ weight }) => weight)
    this.slots = this.view(memory)
  }

  get memory(): SharedArrayBuffer {
    return this.slots.buffer
  }

  /**
   * Takes other memory: a thread that missed that the split was changed, and changed back, has that of before.
   * @throws TypeError if it is made for another number of upstreams
   */
  attach(memory: SharedArrayBuffer): void {
    this.slots = this.view(memory)
  }

  /** Another number after each change. */
  get version(): number {
    return Atomics.load(this.slots, 0)
  }

  /** Those that count, in the order of the upstreams. */
  get present(): readonly number[] {
    for (;;) {
      const version = this.version
      if (version === 0) return this.configured
      const start = this.start(version)
      const weights = this.names.map((_, index) => Atomics.load(this.slots, start + index))
      // Changed twice meanwhile: it is the set that was just read that was written.
      if (this.version === version) return weights
    }
  }

  /** By the names of the upstreams. */
  get byName(): Readonly<Record<string, number>> {
    const { present } = this
    return Object.fromEntries(this.names.map((name, index) => [name, present[index] ?? 0]))
  }

  get isChanged(): boolean {
    const { present } = this
    return this.configured.some((weight, index) => weight !== present[index])
  }

  /**
   * For one thread alone: others may read meanwhile, but not write.
   * @throws TypeError unless there is a weight for each upstream, and one above 0
   */
  change(weights: readonly number[]): void {
    if (weights.length !== this.names.length || !weights.some((weight) => weight > 0))
      throw new TypeError(`the weights ${weights.join(', ')} are not those of ${this.names.join(', ')}`)
    const next = this.version + 1
    for (const [index, weight] of weights.entries())
      Atomics.store(this.slots, this.start(next) + index, weight)
    // 0 is kept for memory that nobody has written to.
    Atomics.store(this.slots, 0, next | 0 || 2)
  }

  private view(memory: SharedArrayBuffer): Int32Array<SharedArrayBuffer> {
    const { length } = this.names
    if (memory.byteLength !== memorySize(length))
      throw new TypeError(`the memory of ${memory.byteLength} bytes is not made for ${length} upstreams`)
    return new Int32Array(memory)
  }

  private start(version: number): number {
    return 1 + (version & 1) * this.names.length
  }
}

/** In bytes. */
export function memorySize(upstreams: number): number {
  return (1 + 2 * upstreams) * Int32Array.BYTES_PER_ELEMENT
}
