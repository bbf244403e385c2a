import type { Entity } from '../port/entity.ts'

/** Entities at the same time; what is beyond it in the number is the generation. */
const INDICES = 2 ** 24
/** An index whose number has come so far is not used again: beyond 2^53 numbers are not exact. */
const LAST = 2 ** 53 - INDICES

/** The part of an entity's number that another may have after it. Also of a number beyond 32 bits, the lower ones are taken. */
export function indexOf(entity: Entity): number {
  return entity & (INDICES - 1)
}

/** Which entities are alive. */
export class Entities {
  /** By index, the entity that is alive there; where none is, the number of the next one, negative. No entity is 0, which an `if` takes for none. */
  private readonly numbers: number[] = [Number.NaN]
  private readonly free: number[] = []

  spawn(): Entity {
    const index = this.free.pop() ?? this.numbers.length
    if (index >= INDICES) throw new Error(`the world is full: it has ${INDICES} entities`)
    const entity = -(this.numbers[index] ?? -index)
    this.numbers[index] = entity
    return entity
  }

  isAlive(entity: Entity): boolean {
    return this.numbers[indexOf(entity)] === entity
  }

  /** Of one that is alive. */
  release(entity: Entity): void {
    const index = indexOf(entity)
    const next = entity + INDICES
    this.numbers[index] = -next
    if (next < LAST) this.free.push(index)
  }

  /** In the order of their indices. */
  *[Symbol.iterator](): Generator<Entity> {
    for (const number of this.numbers) if (number >= 0) yield number
  }
}
