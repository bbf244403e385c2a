import { own } from '@headgate/core'
import { once, zod } from './library.ts'
import type * as z from './zod.ts'

/** What is known of a setting that a JSON Schema does not say. */
export interface SettingFacts {
  /** By which those who write a configuration in TypeScript know the section. */
  readonly name?: string | undefined
  /** Its type in TypeScript, in place of what follows from the JSON Schema: `Duration`, where that knows a text and a pattern. */
  readonly type?: string | undefined
  /** What was read, as somebody would write it: see `written`. Absent: as it is. */
  readonly write?: ((value: never) => unknown) | undefined
}

const facts = once(() => zod().registry<SettingFacts>())

/** Of a setting, or of what it was made of. */
export function factsOf(schema: z.core.$ZodType): SettingFacts | undefined {
  return facts().get(schema)
}

/** The setting, with facts beside those that are known of it. */
export function withFacts<Schema extends z.ZodType>(schema: Schema, further: SettingFacts): Schema {
  facts().add(schema, { ...facts().get(schema), ...further })
  return schema
}

/**
 * A section with settings of its own.
 * @param name that of the type in input/input.ts, which is made of it
 * @returns what makes it: the same one each time
 */
export function section<Settings extends Readonly<Record<string, z.ZodType>>>(
  name: string,
  settings: () => Settings,
): () => z.ZodObject<Settings, z.core.$strict> {
  return once(() => named(name, zod().strictObject(settings())))
}

/** The same for what is no section by itself: a choice of forms. */
export function named<Schema extends z.ZodType>(name: string, schema: Schema): Schema {
  return withFacts(schema, { name })
}

/** A setting that is written in another form than it is read. */
export function writtenAs<Schema extends z.ZodType>(
  schema: Schema,
  write: (value: z.output<Schema>) => unknown,
): Schema {
  return withFacts(schema, { write })
}

/**
 * What the schema reads, as everything beyond the configuration knows it: with its defaults, durations in milliseconds, sizes in
 * bytes, Infinity for what is off. Plain data, so it can be sent to a worker thread as it is, and nobody's to change.
 */
export type Read<Setting> = Fixed<
  Setting extends () => z.ZodType
    ? z.output<ReturnType<Setting>>
    : Setting extends z.ZodType
      ? z.output<Setting>
      : never
>

type Fixed<T> = T extends string | number | boolean
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Fixed<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Fixed<T[Key]> }
      : T

/** What stands for a setting that is left out: it inherits nothing, so that its own settings come from their defaults alone. */
export function nothing(): Record<string, never> {
  return own({})
}
