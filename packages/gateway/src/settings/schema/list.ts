import { once, zod } from './library.ts'
import type * as z from './zod.ts'
import { MOST_MISTAKES } from '../problems/problem.ts'
import { addEntry } from '../read/positions.ts'
import type { Kind } from '../values/kinds.ts'
import { value } from './setting.ts'

/** Entries of one kind, one after the other. */
export function list<T extends z.ZodType>(item: T): z.ZodArray<T> {
  return new (lists())({ type: 'array', element: item }) as unknown as z.ZodArray<T> // built as one, with a loop of its own
}

/** Entries of one kind, each under a name. */
export function record<T extends z.ZodType>(item: T): z.ZodRecord<z.ZodString, T> {
  const def = { type: 'record', keyType: zod().string(), valueType: item } as const
  return new (records())(def) as unknown as z.ZodRecord<z.ZodString, T> // as above
}

/** None unless some are written. */
export function noneOrMore<T>(kind: Kind<T>, about: string): z.ZodType<T[]> {
  return list(value(kind)).describe(about).prefault([])
}

export function oneOrMore<T extends string>(kind: Kind<T>, about: string): z.ZodType<T[]> {
  const one = value(kind)
  const form = zod().union([one, list(one).min(1)])
  return form.transform((written) => (Array.isArray(written) ? written : [written])).describe(about)
}

const lists = once(() =>
  zod().$constructor<z.ZodArray>('HeadgateList', (schema, definition) => {
    const ZodArray: typeof z.ZodArray = zod().ZodArray
    ZodArray.init(schema, definition)
    const refuse = schema._zod.parse.bind(schema._zod)
    schema._zod.parse = (payload, context) => {
      const entries = payload.value as unknown
      if (!Array.isArray(entries)) return refuse(payload, context)
      const read: unknown[] = []
      payload.value = read
      for (let index = 0; index < entries.length; index++) {
        const found = run(definition.element, entries[index], context)
        read.push(found.value)
        if (isEnough(payload, found, index, entries.length - index - 1, index + 1)) break
      }
      return payload
    }
  }),
)

const records = once(() =>
  zod().$constructor<z.ZodRecord>('HeadgateRecord', (schema, definition) => {
    const ZodRecord: typeof z.ZodRecord = zod().ZodRecord
    ZodRecord.init(schema, definition)
    const refuse = schema._zod.parse.bind(schema._zod)
    schema._zod.parse = (payload, context) => {
      const entries = payload.value as unknown
      if (typeof entries !== 'object' || entries === null || Array.isArray(entries))
        return refuse(payload, context)
      const read = {}
      payload.value = read
      const names = Object.keys(entries)
      for (const [index, name] of names.entries()) {
        const found = run(definition.valueType, (entries as Record<string, unknown>)[name], context)
        addEntry(read, name, found.value)
        if (isEnough(payload, found, name, names.length - index - 1, names[index + 1] ?? name)) break
      }
      return payload
    }
  }),
)

function run(
  schema: z.core.$ZodType,
  value: unknown,
  context: z.core.ParseContextInternal,
): z.core.ParsePayload {
  const found = schema._zod.run({ value, issues: [] }, context)
  if (found instanceof Promise) throw new TypeError('a setting is not read at once')
  return found
}

/** Takes what was found of an entry over; whether the others, so many, are left alone. */
function isEnough(
  { issues, value }: z.core.ParsePayload,
  found: z.core.ParsePayload,
  key: PropertyKey,
  others: number,
  next: PropertyKey,
): boolean {
  if (found.issues.length === 0) return false
  for (const issue of found.issues) issues.push({ ...issue, path: [key, ...(issue.path ?? [])] })
  if (issues.length < MOST_MISTAKES || others === 0) return false
  issues.push({ code: 'custom', message: '', input: value, path: [next], params: { unseen: others } })
  return true
}

/**
 * A section whose keys are names of one kind, each with a value of its own.
 * @param problemOf tells what is wrong with a value under its name, if anything
 */
export function keyed<Output>(
  names: Kind<string>,
  item: z.ZodType<Output>,
  problemOf?: (name: string, value: Output) => string | undefined,
): z.ZodType<Record<string, Output>> {
  const entries = record(item).transform((written, context) => {
    const checked: [string, Output][] = []
    for (const [key, value] of Object.entries(written)) {
      if (context.issues.length >= MOST_MISTAKES) break
      const name = names.parse(key)
      const message = name.ok ? problemOf?.(name.value, value) : undefined
      if (message !== undefined) context.issues.push({ code: 'custom', message, input: value, path: [key] })
      if (name.ok) checked.push([name.value, value])
      else {
        const params = { part: 'key', allowed: names.allowed, hint: name.hint }
        context.issues.push({ code: 'custom', message: name.problem, input: written, path: [key], params })
      }
    }
    return Object.fromEntries(checked)
  })
  return entries.meta({ propertyNames: names.json })
}
