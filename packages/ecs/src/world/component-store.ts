import { Listeners } from '../frame/listeners.ts'
import type { Entity } from '../port/entity.ts'
import { indexOf } from './entities.ts'

/** The values of one component: packed, so that a query goes through those alone that there are. */
export class ComponentStore {
  readonly added: Listeners<Entity, unknown> = new Listeners()
  readonly removed: Listeners<Entity, unknown> = new Listeners()
  private readonly entities: Entity[] = []
  private readonly values: unknown[] = []
  /** By index of the entity: where its value is, counted from 1. */
  private readonly places: number[] = []

  get size(): number {
    return this.entities.length
  }

  /** In no order that means anything, but the same one for the same history. */
  get owners(): readonly Entity[] {
    return this.entities
  }

  has(entity: Entity): boolean {
    return this.placeOf(entity) > 0
  }

  get(entity: Entity): unknown {
    const place = this.placeOf(entity)
    return place === 0 ? undefined : this.values[place - 1]
  }

  set(entity: Entity, value: unknown): void {
    const index = indexOf(entity)
    while (this.places.length < index) this.places.push(0)
    this.entities.push(entity)
    this.places[index] = this.values.push(value)
    this.added.tell(entity, value)
  }

  /** The listeners are called before; one of them may have removed it. */
  delete(entity: Entity): void {
    this.removed.tell(entity, this.get(entity))
    const place = this.placeOf(entity)
    if (place === 0) return
    // The last one takes its place.
    const last = this.entities.pop() as Entity // there is one
    const value = this.values.pop()
    if (last !== entity) {
      this.entities[place - 1] = last
      this.values[place - 1] = value
      this.places[indexOf(last)] = place
    }
    this.places[indexOf(entity)] = 0
  }

  /** 0 if it has none; also that of an entity which had the same index before. */
  private placeOf(entity: Entity): number {
    const place = this.places[indexOf(entity)] ?? 0
    return place > 0 && this.entities[place - 1] === entity ? place : 0
  }
}
