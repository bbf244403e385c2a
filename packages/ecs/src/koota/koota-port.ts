import { type Entity as KootaEntity, trait, type Trait, type World as KootaWorld } from 'koota'
import { PortFrame } from '../frame/port-frame.ts'
import { Listeners } from '../frame/listeners.ts'
import type { Attached, ComponentOf } from '../port/component.ts'
import type { Entity } from '../port/entity.ts'
import type { EcsPort } from '../port/port.ts'

const traits = new WeakMap<ComponentOf<unknown>, Trait<() => unknown>>()

/** The trait that a component is in koota: `world.query(traitOf(HttpResponse))`, `entity.get(traitOf(HttpResponse))`. */
export function traitOf<Value>(component: ComponentOf<Value>): Trait<() => Value> {
  let found = traits.get(component)
  if (found === undefined) traits.set(component, (found = trait((): unknown => undefined)))
  // It was made for this component.
  return found as Trait<() => Value>
}

/** On entities that have observers, so that these are let go with them, whoever destroys the entity. */
const IsObserved = trait()

/** A world of koota as a port: entities and components are koota's own, systems, events and resources stand beside. */
export class KootaPort extends PortFrame implements EcsPort {
  readonly world: KootaWorld
  /** Those that are losing their traits: koota does not bear that they are destroyed once more meanwhile. */
  private readonly dying = new Set<Entity>()
  /** Those that lost `IsObserved`: other listeners of the same loss may speak to their observers still. */
  private unobserved: Entity[] = []

  constructor(world: KootaWorld) {
    super()
    this.world = world
    world.onRemove(IsObserved, (entity) => void this.unobserved.push(entity))
  }

  spawn(...components: readonly Attached[]): KootaEntity {
    const entity = this.world.spawn()
    this.attach(entity, components)
    return entity
  }

  despawn(entity: Entity): boolean {
    if (!this.isAlive(entity) || this.dying.has(entity)) return false
    this.dying.add(entity)
    try {
      ofKoota(entity).destroy()
    } finally {
      this.dying.delete(entity)
      this.forgetUnobserved()
    }
    return true
  }

  isAlive(entity: Entity): boolean {
    return this.world.has(ofKoota(entity))
  }

  add(entity: Entity, ...components: readonly Attached[]): void {
    if (!this.isAlive(entity) || this.dying.has(entity))
      throw new Error(`entity ${entity} is gone: nothing can be added to it`)
    this.attach(ofKoota(entity), components)
  }

  remove(entity: Entity, ...components: readonly ComponentOf<unknown>[]): void {
    for (const component of components)
      if (this.has(entity, component)) ofKoota(entity).remove(traitOf(component))
  }

  has(entity: Entity, component: ComponentOf<unknown>): boolean {
    return this.isAlive(entity) && ofKoota(entity).has(traitOf(component))
  }

  get<Value>(entity: Entity, component: ComponentOf<Value>): Value | undefined {
    return this.isAlive(entity) ? ofKoota(entity).get(traitOf(component)) : undefined
  }

  query(...components: readonly ComponentOf<unknown>[]): readonly KootaEntity[] {
    const found = [...this.world.query(...components.map((component) => traitOf(component)))]
    // Koota counts those that were destroyed before its first query for all entities among these.
    return components.length > 0 ? found : found.filter((entity) => this.world.has(entity))
  }

  onAdd<Value>(component: ComponentOf<Value>, listener: (entity: Entity, value: Value) => void): () => void {
    return this.world.onAdd(traitOf(component), this.told(component, listener))
  }

  onRemove<Value>(
    component: ComponentOf<Value>,
    listener: (entity: Entity, value: Value) => void,
  ): () => void {
    return this.world.onRemove(traitOf(component), this.told(component, listener))
  }

  override tick(): void {
    this.forgetUnobserved()
    super.tick()
  }

  protected override port(): EcsPort {
    return this
  }

  protected override observed(entity: Entity): void {
    if (!this.isAlive(entity) || this.dying.has(entity)) this.unobserved.push(entity)
    else if (!ofKoota(entity).has(IsObserved)) ofKoota(entity).add(IsObserved)
  }

  private attach(entity: KootaEntity, components: readonly Attached[]): void {
    for (const { component, value } of components) {
      // A listener may have despawned it.
      if (!this.isAlive(entity)) return
      const kind = traitOf(component)
      if (entity.has(kind)) entity.remove(kind)
      if (this.isAlive(entity)) entity.add(kind(value))
    }
  }

  /** Koota lets what a listener throws through, to whoever changed the entity. */
  private told<Value>(
    component: ComponentOf<Value>,
    listener: (entity: Entity, value: Value) => void,
  ): (entity: KootaEntity) => void {
    const guarded = new Listeners<Entity, Value>()
    guarded.add(listener)
    // It has the component at that moment.
    return (entity) => guarded.tell(entity, this.get(entity, component) as Value)
  }

  private forgetUnobserved(): void {
    if (this.unobserved.length === 0) return
    const gone = this.unobserved
    this.unobserved = []
    for (const entity of gone) this.channels.forget(entity)
  }
}

/** A port on a world of koota. */
export function kootaPort(world: KootaWorld): KootaPort {
  return new KootaPort(world)
}

/** Koota keeps the methods of entities in the prototype of numbers. */
function ofKoota(entity: Entity): KootaEntity {
  return entity as KootaEntity
}
