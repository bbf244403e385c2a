/** JSON Schema, as the description of the API has it. */
export type Schema = Readonly<Record<string, unknown>>

export const TEXT: Schema = { type: 'string' }
export const TIME: Schema = { type: 'string', format: 'date-time' }
export const WHOLE: Schema = { type: 'integer' }
export const NUMBER: Schema = { type: 'number' }
export const FLAG: Schema = { type: 'boolean' }
/** Described elsewhere, as a configuration is. */
export const ANY_OBJECT: Schema = { type: 'object' }

export function oneOf(...values: readonly string[]): Schema {
  return { enum: values }
}

export function list(items: Schema): Schema {
  return { type: 'array', items }
}

/** By names that are not known before. */
export function map(values: Schema): Schema {
  return { type: 'object', additionalProperties: values }
}

/** An object with these members and no others; those whose names end in "?" may be missing. */
export function members(all: Readonly<Record<string, Schema>>): Schema {
  const names = Object.keys(all)
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name.replace(/\?$/, ''), all[name]])),
    required: names.filter((name) => !name.endsWith('?')),
    additionalProperties: false,
  }
}
