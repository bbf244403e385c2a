import type { Attached, ComponentOf } from '../port/component.ts'
import type { Entity } from '../port/entity.ts'
import type { EcsPort } from '../port/port.ts'

/**
 * Changes that are made when the system that asked for them has ended, in their order: for systems that must see the world as it was.
 * What concerns an entity that is gone by then is left out.
 */
export class Commands {
  private queue: ((port: EcsPort) => void)[] = []

  /** `spawned` is told of the entity. */
  spawn(components: readonly Attached[], spawned?: (entity: Entity) => void): void {
    this.run((port) => {
      const entity = port.spawn(...components)
      spawned?.(entity)
    })
  }

  despawn(entity: Entity): void {
    this.run((port) => void port.despawn(entity))
  }

  add(entity: Entity, ...components: readonly Attached[]): void {
    this.run((port) => {
      if (port.isAlive(entity)) port.add(entity, ...components)
    })
  }

  remove(entity: Entity, ...components: readonly ComponentOf<unknown>[]): void {
    this.run((port) => port.remove(entity, ...components))
  }

  /** Anything else. */
  run(command: (port: EcsPort) => void): void {
    this.queue.push(command)
  }

  /** Also those that commands ask for. */
  flush(port: EcsPort): void {
    while (this.queue.length > 0) {
      const commands = this.queue
      this.queue = []
      for (const [index, command] of commands.entries()) {
        try {
          command(port)
        } catch (thrown) {
          // What stands behind it is not lost.
          this.queue.unshift(...commands.slice(index + 1))
          throw thrown
        }
      }
    }
  }
}
