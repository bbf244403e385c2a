import type { Attached, ComponentOf } from './component.ts'
import type { Entity } from './entity.ts'
import type { EventKind, Events } from './event.ts'
import type { Resource } from './resource.ts'

/**
 * What is asked of an entity-component-system. `World` is one, `kootaPort` makes one of koota's; one of yours is right if it passes
 * `ECS_PORT_CASES` of `@headgate/ecs/testing`.
 */
export interface EcsPort {
  /** An entity with these components, added in their order. */
  spawn(...components: readonly Attached[]): Entity
  /** Removes all of its components, and it. False if it was gone. */
  despawn(entity: Entity): boolean
  isAlive(entity: Entity): boolean
  /**
   * Adds components. One that was there is removed before, so that its listeners are told.
   * @throws Error if the entity is gone
   */
  add(entity: Entity, ...components: readonly Attached[]): void
  /** Removes components; those that are not there are left out, and so is an entity that is gone. */
  remove(entity: Entity, ...components: readonly ComponentOf<unknown>[]): void
  has(entity: Entity, component: ComponentOf<unknown>): boolean
  /** Undefined if the entity is gone or has none. */
  get<Value>(entity: Entity, component: ComponentOf<Value>): Value | undefined
  /** All entities that have all of these, in a list of its own: the world may change while it is gone through. */
  query(...components: readonly ComponentOf<unknown>[]): readonly Entity[]
  /** Calls `listener` each time that an entity gets the component, after it did. Returns what ends it. */
  onAdd<Value>(component: ComponentOf<Value>, listener: (entity: Entity, value: Value) => void): () => void
  /** Calls `listener` each time that an entity loses the component, before it does; despawning is losing all. Returns what ends it. */
  onRemove<Value>(component: ComponentOf<Value>, listener: (entity: Entity, value: Value) => void): () => void
  /** @throws Error if there is none: a plugin or `setResource` makes it */
  resource<Value>(kind: Resource<Value>): Value
  /** Undefined if there is none. */
  findResource<Value>(kind: Resource<Value>): Value | undefined
  setResource<Value>(kind: Resource<Value>, value: Value): void
  events<Value>(kind: EventKind<Value>): Events<Value>
  /** @throws Error if there is one of its name, or none of the name in `place` */
  addSystem(system: System, place?: SystemPlace): void
  /** Puts a system in the place of the one of this name. @throws Error if there is none */
  replaceSystem(name: string, system: System): void
  /** @throws Error if there is none of this name */
  removeSystem(name: string): void
  /** The names of all systems, in the order in which they run. */
  readonly systems: readonly string[]
  /** Installs a plugin. @throws Error if one of its name is installed */
  addPlugin(plugin: Plugin): void
  /**
   * Runs all systems once, in their order; nothing while paused. One that throws does not keep the others from running: what it threw is
   * thrown at the end.
   * @throws Error if it is called within a tick
   */
  tick(): void
  /** Until `resume`, ticks do nothing. */
  pause(): void
  resume(): void
  readonly paused: boolean
  /** Counts what `resume` has ended: a system that measures time leaves out what passed meanwhile. */
  readonly pauses: number
}

/** A step of each tick. */
export interface System {
  /** One of each name in a world. */
  readonly name: string
  run(port: EcsPort): void
}

/** Where a system stands; without either, it is the last. */
export interface SystemPlace {
  /** The name of the system that it runs right before. */
  readonly before?: string | undefined
  /** The name of the system that it runs right after. */
  readonly after?: string | undefined
}

/** Adds systems and resources to a world. */
export interface Plugin {
  readonly name: string
  install(port: EcsPort): void
}
