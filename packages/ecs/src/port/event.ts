import type { Entity } from './entity.ts'

declare const valueOf: unique symbol

/** A kind of event. The object is the key, its label is for messages. */
export interface EventKind<Value> {
  readonly label: string
  /** Never there: it tells the compiler the type of the event. */
  readonly [valueOf]?: Value
}

/** A kind of event of one's own: `const Scored = event<{ points: number }>('Scored')`. */
export function event<Value>(label: string): EventKind<Value> {
  return { label }
}

/** All events of a kind: for systems that read them in their turn, and for observers that are called at once. */
export interface Events<Value> {
  /** Calls the observers, those of the entity first if one is named, and keeps the event for readers. */
  send(value: Value, entity?: Entity): void
  /** Begins with the oldest event that is kept. */
  reader(): EventReader<Value>
  /**
   * Calls `observer` with each event, or with those of one entity as long as it lives. What it throws is an uncaught error of the
   * process; the tick goes on. Returns what ends it.
   */
  observe(observer: (value: Value) => void, entity?: Entity): () => void
}

/** Reads each event once. */
export interface EventReader<Value> {
  /** What was sent since it was called last, and is kept still: events are kept during the tick that they were sent in or before, and the next one. */
  read(): Value[]
}
