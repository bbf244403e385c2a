import { parseDuration } from '../values/units.ts'

// What checks look at a configuration with as it was written: whatever has not the expected form is nothing, and the schema tells it.

export type Fields = Readonly<Record<string, unknown>>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {}
}

/** What stands under the key; nothing that is inherited. */
export function fieldOf(value: unknown, key: string): unknown {
  return isFields(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** One text, or a list of them. */
export function textsOf(written: unknown): string[] {
  return (Array.isArray(written) ? written : [written]).filter((each) => typeof each === 'string')
}

/** Of an object or of a list. */
export function keysOf(value: unknown): string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : []
}

export function millisecondsOf(written: unknown): number | undefined {
  const duration = typeof written === 'string' ? parseDuration(written) : undefined
  return duration?.ok === true ? duration.value : undefined
}
