import { factsOf } from './schema/section.ts'
import type * as z from './schema/zod.ts'

/**
 * What a schema has read, as somebody would write it who leaves nothing to defaults: durations, sizes and rates with their units.
 * What is read from it is the same value. How a kind of value is written, the kind says.
 */
export function written(schema: z.core.$ZodType, value: unknown): unknown {
  if (value === undefined) return undefined
  const write = factsOf(schema)?.write as ((value: unknown) => unknown) | undefined
  if (write !== undefined) return write(value)
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'object':
      return mapped(value, (item, key) => {
        const setting = Object.hasOwn(def.shape, key) ? def.shape[key] : undefined
        return setting === undefined ? item : written(setting, item)
      })
    case 'record':
      return mapped(value, (item) => written(def.valueType, item))
    case 'array':
      return (value as readonly unknown[]).map((item) => written(def.element, item))
    case 'optional':
    case 'prefault':
      return written(def.innerType, value)
    case 'lazy':
      return written(def.getter(), value)
    case 'pipe':
      return written(def.in, value)
    case 'union':
      return written(formOf(def.options, value), value)
    default:
      return value
  }
}

function mapped(value: unknown, write: (item: unknown, key: string) => unknown): unknown {
  return Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, write(item, key)]))
}

/** Which of several forms a value has: a list, a section, or else the first that is neither. */
function formOf(forms: readonly z.core.$ZodType[], value: unknown): z.core.$ZodType {
  const wanted = Array.isArray(value) ? 'array' : typeof value === 'object' ? 'object' : undefined
  const form =
    forms.find(({ _zod: { def } }) => def.type === wanted) ??
    forms.find(({ _zod: { def } }) => def.type !== 'array' && def.type !== 'object')
  if (form === undefined) throw new TypeError('a setting was read that has none of its forms')
  return form
}
