import type { Pending } from './pending.ts'

/** Requests by their deadline, in a heap: each knows its place, so that one that ends before leaves it at once. */
export class Deadlines {
  private readonly heap: Pending[] = []

  get size(): number {
    return this.heap.length
  }

  add(pending: Pending): void {
    this.up(pending, this.heap.push(pending) - 1)
  }

  /** One that has none is left alone. */
  remove(pending: Pending): void {
    const { place } = pending
    if (place < 0) return
    pending.place = -1
    const last = this.heap.pop()
    if (last === undefined || last === pending) return
    this.up(last, place)
    if (last.place === place) this.down(last, place)
  }

  /** The next one whose deadline is not after `now`. */
  due(now: number): Pending | undefined {
    const [first] = this.heap
    return first !== undefined && first.deadline <= now ? first : undefined
  }

  private up(pending: Pending, from: number): void {
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.heap[above] as Pending // within the heap
      if (!isBefore(pending, parent)) break
      this.put(parent, place)
      place = above
    }
    this.put(pending, place)
  }

  private down(pending: Pending, from: number): void {
    let place = from
    for (;;) {
      const child = this.smallerChild(place)
      if (child === undefined || !isBefore(child, pending)) break
      const freed = child.place
      this.put(child, place)
      place = freed
    }
    this.put(pending, place)
  }

  private smallerChild(place: number): Pending | undefined {
    const [left, right] = [this.heap[2 * place + 1], this.heap[2 * place + 2]]
    return left !== undefined && right !== undefined && isBefore(right, left) ? right : left
  }

  private put(pending: Pending, place: number): void {
    this.heap[place] = pending
    pending.place = place
  }
}

/** Of two with the same deadline, the one that was asked for first. */
function isBefore(one: Pending, other: Pending): boolean {
  return one.deadline < other.deadline || (one.deadline === other.deadline && one.id < other.id)
}
