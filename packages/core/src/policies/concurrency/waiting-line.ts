import { displacedClass, nextClass } from './priority.ts'

/** One that waits; a node of its class's list. */
export interface Waiting {
  previous: this | undefined
  next: this | undefined
  /** When it began to wait, by the clock. */
  readonly since: number
  readonly priority: number
}

/** Those that wait, by class, each class in the order of arrival; leaving from the middle costs the same as from the ends. */
export class WaitingLine<Waiter extends Waiting> {
  size = 0
  private readonly firsts: (Waiter | undefined)[]
  private readonly lasts: (Waiter | undefined)[]
  private readonly ageing: number
  /** Reused at each decision. */
  private readonly times: (number | undefined)[]

  constructor(classes: number, ageing: number) {
    this.firsts = Array.from({ length: classes }, () => undefined)
    this.lasts = [...this.firsts]
    this.times = Array.from({ length: classes }, () => undefined)
    this.ageing = ageing
  }

  add(waiter: Waiter): void {
    const last = this.lasts[waiter.priority]
    waiter.previous = last
    if (last === undefined) this.firsts[waiter.priority] = waiter
    else last.next = waiter
    this.lasts[waiter.priority] = waiter
    this.size++
  }

  remove(waiter: Waiter): void {
    const { previous, next, priority } = waiter
    if (previous === undefined) this.firsts[priority] = next
    else previous.next = next
    if (next === undefined) this.lasts[priority] = previous
    else next.previous = previous
    waiter.previous = undefined
    waiter.next = undefined
    this.size--
  }

  /** Takes the one whose turn it is. */
  shift(): Waiter | undefined {
    const waiter = this.firsts[nextClass(this.since(this.firsts), this.ageing)]
    if (waiter !== undefined) this.remove(waiter)
    return waiter
  }

  /** Takes out the one that must give way to a newcomer; undefined if none must. */
  displace(now: number, priority: number): Waiter | undefined {
    const waiter = this.lasts[displacedClass(this.since(this.lasts), this.ageing, now, priority)]
    if (waiter !== undefined) this.remove(waiter)
    return waiter
  }

  private since(waiters: readonly (Waiter | undefined)[]): readonly (number | undefined)[] {
    for (let index = 0; index < waiters.length; index++) this.times[index] = waiters[index]?.since
    return this.times
  }
}
