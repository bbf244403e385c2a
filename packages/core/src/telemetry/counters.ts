/**
 * What the hot path holds: a few slots of a thread's memory for metrics. One thread writes a memory, so that plain
 * additions are enough; others may read it at any time. An aligned 64-bit store is never seen half done on the
 * machines that Node runs on.
 */
export class Instrument {
  /** Empty where there is no room for the series: then nothing is counted. */
  protected slots: Float64Array
  protected index: number

  constructor(slots: Float64Array = NO_SLOTS, index = 0) {
    this.slots = slots
    this.index = index
  }

  /** From now on, it counts there. */
  place(slots: Float64Array, index: number): void {
    this.slots = slots
    this.index = index
  }
}

const NO_SLOTS = new Float64Array(0)

/** A total that only grows. */
export class Counter extends Instrument {
  /** @param amount not negative */
  add(amount: number): void {
    this.slots[this.index] = this.value + amount
  }

  /** For a total that is counted elsewhere and only shown here, as the CPU time of the process. */
  setTotal(total: number): void {
    this.slots[this.index] = total
  }

  /** This thread's part of the total. */
  get value(): number {
    return this.slots[this.index] ?? 0
  }
}

/** A number that goes up and down. */
export class Gauge extends Instrument {
  add(amount: number): void {
    this.slots[this.index] = this.value + amount
  }

  set(value: number): void {
    this.slots[this.index] = value
  }

  /** This thread's part of the sum. */
  get value(): number {
    return this.slots[this.index] ?? 0
  }
}
