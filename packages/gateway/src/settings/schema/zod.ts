// What is used of zod, by name: so that a bundle leaves out the rest, 300 kB of messages in other languages among it.

export {
  type core,
  custom,
  lazy,
  literal,
  NEVER,
  type output,
  registry,
  strictObject,
  string,
  toJSONSchema,
  union,
  ZodArray,
  type ZodObject,
  type ZodPrefault,
  ZodRecord,
  type ZodString,
  type ZodType,
} from 'zod'

export { $constructor } from 'zod/v4/core'
