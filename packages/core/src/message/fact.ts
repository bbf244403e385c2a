import type { Exchange } from './exchange.ts'

/**
 * Something that one feature finds out about exchanges, for itself and for those that ask it: typed, and none of the fields that every
 * exchange has. An exchange of which nobody states it has nothing of it. It goes with copies of the exchange.
 */
export interface Fact<Value> {
  /** Undefined where nobody has stated it. */
  of(exchange: Partial<Pick<Exchange, 'facts'>>): Value | undefined
  state(exchange: Exchange, value: Value): void
}

/** Makes a fact of its own kind: two of the same name are two. */
export function fact<Value>(name: string): Fact<Value> {
  const key = Symbol(name)
  return {
    // Stated under this key alone, by `state`.
    of: ({ facts }) => facts?.get(key) as Value | undefined,
    state(exchange, value) {
      exchange.facts ??= new Map()
      exchange.facts.set(key, value)
    },
  }
}
