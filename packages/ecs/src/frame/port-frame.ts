import type { Entity } from '../port/entity.ts'
import type { EventKind, Events } from '../port/event.ts'
import type { EcsPort, Plugin, System, SystemPlace } from '../port/port.ts'
import type { Resource } from '../port/resource.ts'
import { EventChannels } from './event-channels.ts'
import { Schedule } from './schedule.ts'

/** All of a port but entities and components: what every world does alike. */
export abstract class PortFrame {
  protected readonly channels: EventChannels = new EventChannels((entity) => this.observed(entity))
  private readonly resources = new Map<Resource<unknown>, unknown>()
  private readonly schedule = new Schedule()

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

  addSystem(system: System, place?: SystemPlace): void {
    this.schedule.add(system, place)
  }

  replaceSystem(name: string, system: System): void {
    this.schedule.replace(name, system)
  }

  removeSystem(name: string): void {
    this.schedule.remove(name)
  }

  get systems(): readonly string[] {
    return this.schedule.names
  }

  tick(): void {
    this.schedule.tick(
      this.port(),
      () => this.channels.swap(),
      () => this.systemEnded(),
    )
  }

  addPlugin(plugin: Plugin): void {
    this.schedule.install(plugin, this.port())
  }

  pause(): void {
    this.schedule.paused = true
  }

  resume(): void {
    this.schedule.resume()
  }

  get paused(): boolean {
    return this.schedule.paused
  }

  get pauses(): number {
    return this.schedule.pauses
  }

  /** This one, whole. */
  protected abstract port(): EcsPort
  /** The entity has an observer: `channels.forget` is to be called when it is gone. */
  protected abstract observed(entity: Entity): void
  /** Called after each system of a tick. */
  protected systemEnded(): void {}
}
