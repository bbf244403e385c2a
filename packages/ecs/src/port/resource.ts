declare const valueOf: unique symbol

/** A value that a world has once: clock, settings, figures. The object is the key, its label is for messages. */
export interface Resource<Value> {
  readonly label: string
  /** Never there: it tells the compiler the type of the value. */
  readonly [valueOf]?: Value
}

/** A resource of one's own: `const Score = resource<{ points: number }>('Score')`. */
export function resource<Value>(label: string): Resource<Value> {
  return { label }
}
