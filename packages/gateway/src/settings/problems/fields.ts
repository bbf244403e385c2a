import type { Finding, Path } from './problem.ts'
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

/** As `base` and `max`: a time that grows up to another one. */
interface GrowingTime {
  readonly key: string
  readonly default: string
}

/**
 * A first time that is longer than the longest one, each with its default: told of the one that was written.
 * @param read milliseconds of what was written
 */
export function growingTimes(
  section: unknown,
  path: Path,
  first: GrowingTime,
  longest: GrowingTime,
  read: (written: unknown) => number | undefined = millisecondsOf,
): Finding[] {
  const written = fieldOf(section, first.key)
  const start = read(written ?? first.default)
  const end = read(fieldOf(section, longest.key) ?? longest.default)
  if (start === undefined || end === undefined || start <= end) return []
  return written === undefined
    ? [{ path: [...path, longest.key], problem: `is shorter than "${first.key}"` }]
    : [{ path: [...path, first.key], problem: `is longer than "${longest.key}"` }]
}

export function millisecondsOf(written: unknown): number | undefined {
  const duration = typeof written === 'string' ? parseDuration(written) : undefined
  return duration?.ok === true ? duration.value : undefined
}
