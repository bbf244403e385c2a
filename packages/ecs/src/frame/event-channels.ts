import type { Entity } from '../port/entity.ts'
import type { EventKind, EventReader, Events } from '../port/event.ts'
import { Listeners } from './listeners.ts'

/** The events of one kind: those of this tick and of the one before are kept. */
class EventChannel<Value> implements Events<Value> {
  private previous: Value[] = []
  private current: Value[] = []
  /** How many were sent before the first of `previous`. */
  private forgotten = 0
  private readonly observers = new Listeners<Value, undefined>()
  private readonly ofEntity = new Map<Entity, Listeners<Value, undefined>>()
  private readonly observed: (entity: Entity) => void

  constructor(observed: (entity: Entity) => void) {
    this.observed = observed
  }

  send(value: Value, entity?: Entity): void {
    this.current.push(value)
    if (this.ofEntity.size > 0 && entity !== undefined) this.ofEntity.get(entity)?.tell(value, undefined)
    this.observers.tell(value, undefined)
  }

  reader(): EventReader<Value> {
    let next = 0
    return {
      read: () => {
        const { previous, current, forgotten } = this
        const at = Math.max(0, next - forgotten)
        next = forgotten + previous.length + current.length
        return at < previous.length
          ? [...previous.slice(at), ...current]
          : current.slice(at - previous.length)
      },
    }
  }

  observe(observer: (value: Value) => void, entity?: Entity): () => void {
    if (entity === undefined) return this.observers.add((value) => observer(value))
    const observers = this.ofEntity.get(entity) ?? new Listeners()
    const end = observers.add((value) => observer(value))
    this.ofEntity.set(entity, observers)
    this.observed(entity)
    return () => {
      end()
      if (observers.size === 0 && this.ofEntity.get(entity) === observers) this.ofEntity.delete(entity)
    }
  }

  forget(entity: Entity): void {
    this.ofEntity.delete(entity)
  }

  /** What was sent before the last call goes. */
  swap(): void {
    if (this.previous.length === 0 && this.current.length === 0) return
    this.forgotten += this.previous.length
    this.previous = this.current
    this.current = []
  }
}

/** All kinds of events of a world. */
export class EventChannels {
  private readonly channels = new Map<EventKind<unknown>, EventChannel<unknown>>()
  private readonly observed: (entity: Entity) => void

  /** @param observed is told of entities that have observers: `forget` is to be called when they are gone */
  constructor(observed: (entity: Entity) => void) {
    this.observed = observed
  }

  of<Value>(kind: EventKind<Value>): Events<Value> {
    let channel = this.channels.get(kind)
    if (channel === undefined) this.channels.set(kind, (channel = new EventChannel(this.observed)))
    // It was made for this kind.
    return channel as unknown as Events<Value>
  }

  forget(entity: Entity): void {
    for (const channel of this.channels.values()) channel.forget(entity)
  }

  swap(): void {
    for (const channel of this.channels.values()) channel.swap()
  }
}
