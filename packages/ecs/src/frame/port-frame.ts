import type { Entity } from '../port/entity.ts'
import type { EventKind, Events } from '../port/event.ts'
import type { Resource } from '../port/resource.ts'
import { EventChannels } from './event-channels.ts'
import { Schedule } from './schedule.ts'

/** All of a port but entities and components: what every world does alike. */
export abstract class PortFrame extends Schedule {
  protected readonly channels: EventChannels = new EventChannels((entity) => this.observed(entity))
  private readonly resources = new Map<Resource<unknown>, unknown>()

  resource<Value>(kind: Resource<Value>): Value {
    const value = this.findResource(kind)
    if (value === undefined)
      throw new Error(`the world has no resource ${kind.label}: add the plugin that makes it, or set it`)
    return value
  }

  findResource<Value>(kind: Resource<Value>): Value | undefined {
    // It was set for this kind.
    return this.resources.get(kind) as Value | undefined
  }

  setResource<Value>(kind: Resource<Value>, value: Value): void {
    this.resources.set(kind, value)
  }

  events<Value>(kind: EventKind<Value>): Events<Value> {
    return this.channels.of(kind)
  }

  protected override tickBegins(): void {
    this.channels.swap()
  }

  /** The entity has an observer: `channels.forget` is to be called when it is gone. */
  protected abstract observed(entity: Entity): void
}
