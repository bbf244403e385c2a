import type { JsonSchema } from '../schema/schema-tree.ts'

/** Longer ones would not be read. Characters. */
const LONGEST = 100

/** Whether a value fits, as far as this part of the schema says it by itself: its type, words, pattern and range. */
export function takes(schema: JsonSchema, value: unknown): boolean {
  if (typeof value === 'string' && value.length > LONGEST) return false
  // Where a text may stand as well, a number of YAML is the text that is written there.
  if (typeof value === 'string' && isWhole(value) && takes(schema, Number(value))) return true
  const { type, pattern, minimum, maximum, enum: words, const: only } = schema
  if (Array.isArray(words)) return words.includes(value)
  if (only !== undefined) return only === value
  const types: readonly unknown[] = Array.isArray(type) ? type : [type]
  if (Array.isArray(value)) return types.includes('array')
  if (typeof value === 'string')
    return types.includes('string') && (typeof pattern !== 'string' || new RegExp(pattern, 'u').test(value))
  if (typeof value !== 'number') return types.includes(typeof value)
  const isLow = typeof minimum === 'number' && value < minimum
  const isHigh = typeof maximum === 'number' && value > maximum
  const isNumber = types.includes('number') || (types.includes('integer') && Number.isInteger(value))
  return isNumber && !isLow && !isHigh
}

/** A number or a text as it is written in a configuration. */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'string' || value.length > LONGEST) return undefined
  // Without quotes only where YAML reads it as that text.
  return isWhole(value) || (/^[A-Za-z/][\w./:@%+*-]*$/.test(value) && !value.endsWith(':'))
    ? value
    : JSON.stringify(value)
}

function isWhole(text: string): boolean {
  return /^\d{1,9}$/.test(text)
}
