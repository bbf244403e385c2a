import formats from 'ajv-formats'
import type { Ajv2020 } from './ajv.ts'
import { FORMATS } from './keywords.ts'

/** Nothing that these formats are of is longer, and some expressions of the library take the square of the length. */
const LONGEST = 2048

/** Of content rather than of names: any length. */
const CONTENTS = new Set<string>(['byte', 'binary', 'password'])

/** Tells a compiler of schemas what texts such as dates and addresses look like. */
export function addFormats(ajv: Ajv2020): void {
  for (const name of FORMATS) {
    const format = formats.default.get(name, 'full')
    const test = CONTENTS.has(name) ? undefined : textTest(format)
    ajv.addFormat(name, test === undefined ? format : (text) => text.length <= LONGEST && test(text))
  }
}

/** Undefined for formats of numbers. */
function textTest(format: unknown): ((text: string) => boolean) | undefined {
  if (format instanceof RegExp) return (text) => format.test(text)
  if (typeof format === 'function') return format as (text: string) => boolean // as the library declares it
  if (typeof format !== 'object' || format === null || !('validate' in format)) return undefined
  const isOfNumbers = 'type' in format && format.type === 'number'
  return isOfNumbers ? undefined : textTest(format.validate)
}
