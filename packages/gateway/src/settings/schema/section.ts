import { own } from '@headgate/core'
import * as z from './zod.ts'

/** What a type of TypeScript says that a JSON Schema cannot. */
export interface TypeForWriters {
  /** By which those who write a configuration in TypeScript know the section. */
  readonly name?: string
  /** In place of what follows from the JSON Schema: `Duration`, where that knows a text and a pattern. */
  readonly type?: string
}

export const typesForWriters: ReturnType<typeof z.registry<TypeForWriters>> = z.registry<TypeForWriters>()

/** A section with settings of its own. Its name is that of the type in input/input.ts, which is made of it. */
export function section<Settings extends Readonly<Record<string, z.ZodType>>>(
  name: string,
  settings: Settings,
): z.ZodObject<Settings, z.core.$strict> {
  return named(name, z.strictObject(settings))
}

/** The same for what is no section by itself: a choice of forms. */
export function named<Schema extends z.ZodType>(name: string, schema: Schema): Schema {
  typesForWriters.add(schema, { name })
  return schema
}

/**
 * What the schema reads, as everything beyond the configuration knows it: with its defaults, durations in milliseconds, sizes in
 * bytes, Infinity for what is off. Plain data, so it can be sent to a worker thread as it is, and nobody's to change.
 */
export type Read<Schema extends z.ZodType> = Fixed<z.output<Schema>>

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
