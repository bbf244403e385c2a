/** What somebody has set for an endpoint by hand. Down and draining are the same to new exchanges: none. */
export type EndpointMark = 'up' | 'draining' | 'down'

const MARKS: readonly EndpointMark[] = ['up', 'draining', 'down']

const MARK_BITS = 0b011
const UNHEALTHY_BIT = 0b100

/** Slot 0 is the version; each endpoint has two: its bits, and its weight plus 1, or 0 while that is as configured. */
const SLOTS = 2

/**
 * What all threads must agree on: how endpoints are marked, what active checks say, and weights that were changed. It lies
 * in memory that may be shared, in the order of the endpoints, so that one thread checks for all and none sends a
 * message. All zero, as memory is at first, means: up, healthy, and weights as configured.
 */
export class EndpointFlags {
  private readonly slots: Int32Array

  /** @throws TypeError if the memory is not for that many endpoints */
  constructor(memory: SharedArrayBuffer, endpoints: number) {
    if (memory.byteLength !== memorySize(endpoints)) {
      throw new TypeError(`the memory of ${memory.byteLength} bytes is not made for ${endpoints} endpoints`)
    }
    this.slots = new Int32Array(memory)
  }

  static allocate(endpoints: number): SharedArrayBuffer {
    return new SharedArrayBuffer(memorySize(endpoints))
  }

  /** Another number after each change. */
  get version(): number {
    return Atomics.load(this.slots, 0)
  }

  mark(index: number): EndpointMark {
    return MARKS[this.bits(index) & MARK_BITS] ?? 'down'
  }

  setMark(index: number, mark: EndpointMark): void {
    this.change(index, MARK_BITS, MARKS.indexOf(mark))
  }

  healthy(index: number): boolean {
    return (this.bits(index) & UNHEALTHY_BIT) === 0
  }

  setHealthy(index: number, healthy: boolean): void {
    this.change(index, UNHEALTHY_BIT, healthy ? 0 : UNHEALTHY_BIT)
  }

  /** Undefined while it is as configured. */
  weight(index: number): number | undefined {
    const stored = Atomics.load(this.slots, 2 + index * SLOTS)
    return stored === 0 ? undefined : stored - 1
  }

  setWeight(index: number, weight: number): void {
    Atomics.store(this.slots, 2 + index * SLOTS, weight + 1)
    Atomics.add(this.slots, 0, 1)
  }

  private bits(index: number): number {
    return Atomics.load(this.slots, 1 + index * SLOTS)
  }

  /** Marks and health are written by different hands. */
  private change(index: number, mask: number, bits: number): void {
    const slot = 1 + index * SLOTS
    for (;;) {
      const before = Atomics.load(this.slots, slot)
      const after = (before & ~mask) | bits
      if (after === before) return
      if (Atomics.compareExchange(this.slots, slot, before, after) === before) break
    }
    Atomics.add(this.slots, 0, 1)
  }
}

function memorySize(endpoints: number): number {
  return (1 + endpoints * SLOTS) * Int32Array.BYTES_PER_ELEMENT
}
