import type * as z from './zod.ts'
import { zod } from './library.ts'
import { withFacts } from './section.ts'
import { duration, flag, type Kind, orOff, type Range, size, whole } from '../values/kinds.ts'
import { choice } from '../values/choice.ts'

// The words in which schema.ts is written. zod checks the structure around the values; each value is read by its
// kind, so that all messages come from one place and a value is never looked at by two parsers.

/**
 * A setting whose value is of one kind.
 * @param about what it is for: its description in the documentation and in editors, unless it only stands in a list
 */
export function value<T>(kind: Kind<T>, about?: string): z.ZodType<T> {
  const read = (written: unknown, context: z.core.$RefinementCtx): T => {
    const result = written === undefined ? MISSING : kind.parse(written)
    if (result.ok) return result.value
    const params = { allowed: kind.allowed, hint: result.hint }
    context.issues.push({ code: 'custom', message: result.problem, input: written, params })
    return zod().NEVER
  }
  const json = about === undefined ? kind.json : { ...kind.json, description: about }
  const setting = zod().custom<unknown>().transform(read).meta(json)
  return kind.type === undefined && kind.write === undefined
    ? setting
    : withFacts(setting, { type: kind.type, write: kind.write })
}

const MISSING = { ok: false, problem: 'is missing', hint: undefined } as const

/** One of a few words. */
export function oneOf<const T extends string>(words: readonly T[], about?: string): z.ZodType<T> {
  return value(choice(words), about)
}

export function boolean(about: string, fallback: boolean): z.ZodPrefault<z.ZodType<boolean>> {
  return value(flag, about).prefault(fallback)
}

export function integer(
  about: string,
  fallback: number,
  min: number,
  max?: number,
): z.ZodPrefault<z.ZodType<number>> {
  return value(whole(min, max), about).prefault(fallback)
}

export function time(about: string): z.ZodType<number> {
  return value(duration({ min: '1ms' }), about)
}

export function timeOr0(about: string): z.ZodType<number> {
  return value(duration(), about)
}

/** Infinity where it is off. */
export function timeOrOff(about: string): z.ZodType<number> {
  return value(orOff(duration({ min: '1ms' })), about)
}

export function timeOr0OrOff(about: string): z.ZodType<number> {
  return value(orOff(duration()), about)
}

export function bytesOrOff(about: string): z.ZodType<number> {
  return value(orOff(size()), about)
}

export function bytes(about: string, range: Range): z.ZodType<number> {
  return value(size(range), about)
}

export function bytesOr0(about: string): z.ZodType<number> {
  return value(size(), about)
}

/** Where a whole section can be turned off: YAML 1.2 reads `off` as a text, and 1.1 as false. */
export function off(): z.ZodType<false> {
  return zod()
    .literal([false, 'off'])
    .transform((): false => false)
}

/** A section that is turned off, or on with all of its defaults, or written out. */
export function offOrOn<Section extends z.ZodType>(
  on: Section,
): z.ZodUnion<[z.ZodType<false>, z.ZodType<z.output<Section>>, Section]> {
  return zod().union([
    off(),
    zod()
      .literal(true)
      .transform((): z.output<Section> => on.parse({})),
    on,
  ])
}
