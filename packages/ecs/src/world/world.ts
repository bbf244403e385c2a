import type { Attached, ComponentOf } from '../port/component.ts'
import type { Entity } from '../port/entity.ts'
import { PortFrame } from '../frame/port-frame.ts'
import type { EcsPort } from '../port/port.ts'
import { Commands } from './commands.ts'
import { ComponentStore } from './component-store.ts'
import { Entities } from './entities.ts'

/** A world of its own, for programs that have no entity-component-system yet. */
export class World extends PortFrame implements EcsPort {
  /** Changes for the end of the system that runs. */
  readonly commands: Commands = new Commands()
  private readonly entities = new Entities()
  /** By the component's id. */
  private readonly stores: (ComponentStore | undefined)[] = []
  private readonly withObservers = new Set<Entity>()
  /** Those that are losing their components. */
  private readonly dying: Entity[] = []

  spawn(...components: readonly Attached[]): Entity {
    const entity = this.entities.spawn()
    this.attach(entity, components)
    return entity
  }

  despawn(entity: Entity): boolean {
    if (!this.entities.isAlive(entity) || this.dying.includes(entity)) return false
    this.dying.push(entity)
    for (const store of this.stores) if (store?.has(entity) === true) store.delete(entity)
    this.dying.pop()
    this.entities.release(entity)
    if (this.withObservers.delete(entity)) this.channels.forget(entity)
    return true
  }

  isAlive(entity: Entity): boolean {
    return this.entities.isAlive(entity)
  }

  add(entity: Entity, ...components: readonly Attached[]): void {
    if (!this.entities.isAlive(entity) || this.dying.includes(entity))
      throw new Error(`entity ${entity} is gone: nothing can be added to it`)
    this.attach(entity, components)
  }

  remove(entity: Entity, ...components: readonly ComponentOf<unknown>[]): void {
    for (const component of components) {
      const store = this.stores[component.id]
      if (store?.has(entity) === true) store.delete(entity)
    }
  }

  has(entity: Entity, component: ComponentOf<unknown>): boolean {
    return this.stores[component.id]?.has(entity) ?? false
  }

  get<Value>(entity: Entity, component: ComponentOf<Value>): Value | undefined {
    // It was stored for this component.
    return this.stores[component.id]?.get(entity) as Value | undefined
  }

  query(...components: readonly ComponentOf<unknown>[]): readonly Entity[] {
    if (components.length === 0) return [...this.entities]
    const stores = components.map((component) => this.storeOf(component))
    const smallest = stores.reduce((least, store) => (store.size < least.size ? store : least))
    if (stores.length === 1) return [...smallest.owners]
    return smallest.owners.filter((entity) =>
      stores.every((store) => store === smallest || store.has(entity)),
    )
  }

  onAdd<Value>(component: ComponentOf<Value>, listener: (entity: Entity, value: Value) => void): () => void {
    // The values of a store are of its component's type.
    return this.storeOf(component).added.add((entity, value) => listener(entity, value as Value))
  }

  onRemove<Value>(
    component: ComponentOf<Value>,
    listener: (entity: Entity, value: Value) => void,
  ): () => void {
    // The values of a store are of its component's type.
    return this.storeOf(component).removed.add((entity, value) => listener(entity, value as Value))
  }

  protected override port(): EcsPort {
    return this
  }

  protected override observed(entity: Entity): void {
    if (this.isAlive(entity)) this.withObservers.add(entity)
    else this.channels.forget(entity)
  }

  protected override systemEnded(): void {
    this.commands.flush(this)
  }

  private attach(entity: Entity, components: readonly Attached[]): void {
    for (const { component, value } of components) {
      // A listener may have despawned it.
      if (!this.entities.isAlive(entity)) return
      const store = this.storeOf(component)
      if (store.has(entity)) store.delete(entity)
      if (this.entities.isAlive(entity)) store.set(entity, value)
    }
  }

  private storeOf({ id }: ComponentOf<unknown>): ComponentStore {
    while (this.stores.length < id) this.stores.push(undefined)
    return (this.stores[id] ??= new ComponentStore())
  }
}
