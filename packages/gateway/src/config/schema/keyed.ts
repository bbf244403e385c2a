import { MOST_MISTAKES } from '../problems/find-each.ts'
import { record } from './list.ts'
import type * as z from './zod.ts'
import type { Kind } from '../values/kinds.ts'

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
