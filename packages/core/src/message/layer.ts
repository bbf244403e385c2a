import { type Handler, type Policy, stack } from './handler.ts'

/**
 * One row of the list of a face: a policy, where it stands, whether it is there, and what is told of it. The list is the order
 * in which an exchange meets the policies, outermost first, and it is written nowhere else: the stack, its explanation, what
 * replay leaves out and the table in the docs are made from its rows.
 *
 * `Setting` is what a stack is built for, `Context` what its policies share, `Shown` what people may see of the setting, and
 * `Told` what an explanation says of a policy.
 */
export interface Layer<Setting, Context, Shown = Setting, Told = string> {
  /** The key of its setting in the configuration where it has one; in explanations and in the docs. */
  readonly name: string
  readonly once: 'exchange' | 'attempt'
  /** What the policy does, for the docs: a phrase that begins with a verb. */
  readonly about: string
  /** False where the policy looks at more than the head of one request: what is recorded of a request cannot tell what it would do. */
  readonly judged?: false
  /** Undefined where it is not in the stack: then it costs nothing. */
  build(setting: Setting, context: Context): Policy | undefined
  /** Of one that is in the stack. */
  tells(shown: Shown): Told
}

/** A place in a list of layers where policies of the user's own stand. */
export interface PolicyPlace<Name extends string = string> {
  readonly place: Name
  readonly once: 'exchange' | 'attempt'
  /** What stands there sees, for the docs: a phrase that begins with a verb. */
  readonly about: string
}

/**
 * A list with the policies of the user's own in its places.
 * @param rowsAt those of a place, in their order
 */
export function fillPlaces<Row extends object, Name extends string>(
  list: readonly (Row | PolicyPlace<Name>)[],
  rowsAt: (place: PolicyPlace<Name>) => readonly Row[],
): readonly Row[] {
  return list.flatMap((row) => ('place' in row ? rowsAt(row) : [row]))
}

/** A layer that is in a stack. */
export interface BuiltLayer<Row> {
  readonly layer: Row
  readonly policy: Policy
}

/** The layers of a list that are in a stack, in their order, each with its policy. */
export function buildLayers<Setting, Context, Row extends Pick<Layer<Setting, Context>, 'build'>>(
  rows: readonly Row[],
  setting: Setting,
  context: Context,
): BuiltLayer<Row>[] {
  return rows.flatMap((layer) => {
    const policy = layer.build(setting, context)
    return policy === undefined ? [] : [{ layer, policy }]
  })
}

/** Composes layers around a handler: once, where a stack is made. */
export function composeLayers(built: readonly BuiltLayer<unknown>[], handler: Handler): Handler {
  return stack(
    built.map(({ policy }) => policy),
    handler,
  )
}
