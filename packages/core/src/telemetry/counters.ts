/**
 * What the hot path holds: a few slots of a worker's metric memory. One thread writes a memory, so that plain
 * additions are enough; others may read it at any time. An aligned 64-bit store is never seen half done on the
 * machines that Node runs on.
 */

/** A total that only grows. */
export class Counter {
  /** Of the memory that the layout is attached to; empty before, and then nothing is counted. */
  slots: Float64Array
  private readonly index: number

  constructor(slots: Float64Array, index: number) {
    this.slots = slots
    this.index = index
  }

  /** @param amount not negative */
  add(amount: number): void {
    this.slots[this.index] = this.value + amount
  }

  /** For a total that is counted elsewhere and only shown here, as the CPU time of the process. */
  setTotal(total: number): void {
    this.slots[this.index] = total
  }

  /** This memory's part of the total. */
  get value(): number {
    return this.slots[this.index] ?? 0
  }
}

/** A number that goes up and down. */
export class Gauge {
  /** Of the memory that the layout is attached to; empty before, and then nothing is counted. */
  slots: Float64Array
  private readonly index: number

  constructor(slots: Float64Array, index: number) {
    this.slots = slots
    this.index = index
  }

  add(amount: number): void {
    this.slots[this.index] = this.value + amount
  }

  set(value: number): void {
    this.slots[this.index] = value
  }

  /** This memory's part of the sum. */
  get value(): number {
    return this.slots[this.index] ?? 0
  }
}
