// What is used of zod, by name: so that a bundle leaves out the rest, 300 kB of messages in other languages among it.

export {
  array,
  type core,
  custom,
  type input,
  lazy,
  literal,
  NEVER,
  type output,
  record,
  strictObject,
  string,
  toJSONSchema,
  union,
  type ZodArray,
  type ZodOptional,
  type ZodPrefault,
  type ZodType,
} from 'zod'
