/** A kind of data that entities have. Called, it attaches a value: `spawn(Priority('high'))`. */
export interface Component<Value, Input = Value> {
  (value: Input): Attached<Value>
  /** For messages. */
  readonly label: string
  /** Counts the components of the process, from 0: a world finds what it keeps of each by it. */
  readonly id: number
}

/** Any component whose values are of this type, whatever they are made of. */
export type ComponentOf<Value> = Component<Value, never>

let count = 0

/** A value on its way to an entity, with the component that it is of. */
export interface Attached<Value = unknown> {
  readonly component: ComponentOf<Value>
  readonly value: Value
}

/**
 * A component of one's own: `const Position = component<{ x: number; y: number }>('Position')`.
 * @param make makes the value that is stored of the one that is given
 */
export function component<Value>(label: string): Component<Value>
export function component<Value, Input>(label: string, make: (input: Input) => Value): Component<Value, Input>
export function component<Value, Input>(
  label: string,
  make?: (input: Input) => Value,
): Component<Value, Input> {
  const attach = (input: Input): Attached<Value> => ({
    component: attached,
    // Without `make` the two are one type.
    value: make === undefined ? (input as unknown as Value) : make(input),
  })
  const attached = Object.assign(attach, { label, id: count++ })
  return attached
}
