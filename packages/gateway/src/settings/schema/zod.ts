import {
  custom,
  lazy,
  literal,
  NEVER,
  registry,
  strictObject,
  string,
  toJSONSchema,
  union,
  ZodArray,
  ZodRecord,
} from 'zod'
import { $constructor } from 'zod/v4/core'

export type {
  core,
  output,
  ZodArray,
  ZodObject,
  ZodPrefault,
  ZodRecord,
  ZodString,
  ZodType,
  ZodUnion,
} from 'zod'

/** What is used of zod, by name: so that a bundle leaves out the rest, 300 kB of messages in other languages among it. */
export const library = {
  custom,
  lazy,
  literal,
  NEVER,
  registry,
  strictObject,
  string,
  toJSONSchema,
  union,
  ZodArray,
  ZodRecord,
  $constructor,
} as const
