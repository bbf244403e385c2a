declare const VALUE: unique symbol

/**
 * What an answer holds, stated once: it is JSON Schema, as the description of the API has it and as tests judge answers by, and the
 * type of the value for whoever makes the answer and for the command that shows it.
 */
export type Schema<Value = unknown> = Readonly<Record<string, unknown>> & { readonly [VALUE]?: Value }

/** The type of what a schema describes. */
export type Described<Stated> = Stated extends { readonly [VALUE]?: infer Value } ? Value : never

export const TEXT: Schema<string> = { type: 'string' }
export const TIME: Schema<string> = { type: 'string', format: 'date-time' }
export const WHOLE: Schema<number> = { type: 'integer' }
export const NUMBER: Schema<number> = { type: 'number' }
export const FLAG: Schema<boolean> = { type: 'boolean' }
/** Anything, whose place alone is known. */
export const ANYTHING: Schema = {}

/** An object that is described elsewhere, as a configuration is. */
export function elsewhere<Value extends object>(): Schema<Value> {
  return { type: 'object' }
}

export function oneOf<const Value extends string>(...values: readonly Value[]): Schema<Value> {
  return { enum: values }
}

/** One text in place of other values. */
export function textOr<const Text extends string, Value>(
  text: Text,
  other: Schema<Value>,
): Schema<Text | Value> {
  return { oneOf: [{ const: text }, other] }
}

export function list<Item>(items: Schema<Item>): Schema<readonly Item[]> {
  return { type: 'array', items }
}

/** By names that are not known before. */
export function map<Value>(values: Schema<Value>): Schema<Readonly<Record<string, Value>>> {
  return { type: 'object', additionalProperties: values }
}

type Flat<Type> = { readonly [Name in keyof Type]: Type[Name] }
type Members<All> = Flat<
  { [Name in keyof All as Name extends `${string}?` ? never : Name]: Described<All[Name]> } & {
    [Name in keyof All as Name extends `${infer Short}?` ? Short : never]?: Described<All[Name]> | undefined
  }
>

/** An object with these members and no others; those whose names end in "?" may be missing. */
export function members<const All extends Readonly<Record<string, Schema>>>(all: All): Schema<Members<All>> {
  const names = Object.keys(all)
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name.replace(/\?$/, ''), all[name]])),
    required: names.filter((name) => !name.endsWith('?')),
    additionalProperties: false,
  }
}
