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
    const test = CONTENTS.has(name) ? undefined : textFormat(name)
    ajv.addFormat(name, test ?? formatNamed(name))
  }
}

/** What texts of a format are like; undefined for formats of numbers, and those that are not known. */
export function textFormat(name: string): ((text: string) => boolean) | undefined {
  const format = isKnown(name) ? formatNamed(name) : undefined
  if (format === true) return () => true
  const test = textTest(format)
  return test === undefined || CONTENTS.has(name) ? test : (text) => text.length <= LONGEST && test(text)
}

/** The same for numbers. */
export function numberFormat(name: string): ((value: number) => boolean) | undefined {
  const format: unknown = isKnown(name) ? formatNamed(name) : undefined
  if (typeof format !== 'object' || format === null || !('type' in format) || format.type !== 'number')
    return undefined
  // As the library declares those of numbers.
  return 'validate' in format ? (format.validate as (value: number) => boolean) : undefined
}

type FormatName = (typeof FORMATS)[number]

function isKnown(name: string): name is FormatName {
  return FORMATS.some((format) => format === name)
}

function formatNamed(name: FormatName): ReturnType<typeof formats.default.get> {
  return formats.default.get(name, 'full')
}

/** Undefined for formats of numbers. */
function textTest(format: unknown): ((text: string) => boolean) | undefined {
  if (format instanceof RegExp) return (text) => format.test(text)
  if (typeof format === 'function') return format as (text: string) => boolean // as the library declares it
  if (typeof format !== 'object' || format === null || !('validate' in format)) return undefined
  const isOfNumbers = 'type' in format && format.type === 'number'
  return isOfNumbers ? undefined : textTest(format.validate)
}
