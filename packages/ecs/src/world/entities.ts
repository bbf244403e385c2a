import type { Entity } from '../port/entity.ts'

/** Entities at the same time; what is beyond it in the number is the generation. */
const INDICES = 2 ** 24
/** The last generation that keeps the number exact. An index that has had it is not used again. */
const LAST_GENERATION = 2 ** 29 - 1

/** The part of an entity's number that another may have after it. */
export function indexOf(entity: Entity): number {
  return entity % INDICES
}

/** Which entities are alive. */
export class Entities {
  /** By index; negative where it is free: the generation of the next one there, as its complement. */
  private readonly generations: number[] = []
  private readonly free: number[] = []

  spawn(): Entity {
    const index = this.free.pop() ?? this.generations.length
    if (index >= INDICES) throw new Error(`the world is full: it has ${INDICES} entities`)
    const generation = ~(this.generations[index] ?? -1)
    this.generations[index] = generation
    return generation * INDICES + index
  }

  isAlive(entity: Entity): boolean {
    return this.generations[indexOf(entity)] === Math.floor(entity / INDICES)
  }

  /** Of one that is alive. */
  release(entity: Entity): void {
    const index = indexOf(entity)
    const next = Math.floor(entity / INDICES) + 1
    this.generations[index] = ~next
    if (next <= LAST_GENERATION) this.free.push(index)
  }

  /** In the order of their indices. */
  *[Symbol.iterator](): Generator<Entity> {
    for (const [index, generation] of this.generations.entries())
      if (generation >= 0) yield generation * INDICES + index
  }
}
