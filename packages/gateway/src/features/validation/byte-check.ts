import { type Fields, isFields } from '../../settings/problems/fields.ts'
import { ByteReader, QUOTE, type ValueCheck } from './byte-reader.ts'
import { numberFormat, textFormat } from './formats.ts'
import { linearPattern } from './pattern.ts'
import type { JsonLimits } from './scan-json.ts'
import { STEP } from './schema-copy.ts'

/**
 * Whether a JSON text is surely one that a schema takes, with no name twice: seen in its bytes, so that nothing is made of them. False
 * says nothing: whoever asks then reads the text, and has it checked as any other.
 */
export type ByteCheck = (bytes: Uint8Array, limits: JsonLimits) => boolean

/** Keywords that are understood here; a schema with any other has no such check. */
const UNDERSTOOD = new Set([
  'type',
  'enum',
  'const',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'pattern',
  'format',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  '$ref',
  '$defs',
  STEP,
])

/** Those that were met are bits of a number. */
const MOST_PROPERTIES = 31

/** References to references. */
const MOST_STEPS = 20

/** Undefined for a schema that says more than is understood here. @param schema a copy, with `$defs` for its references */
export function byteCheck(schema: Fields | boolean): ByteCheck | undefined {
  const compiling = new Compiling(isFields(schema) ? schema : {})
  const check = compiling.value(schema)
  if (check === undefined) return undefined
  // Nothing waits while it reads, and no schema asks for another reading within one.
  return (bytes, limits) => reader.takes(bytes, limits, check)
}

const reader = new ByteReader()

class Compiling {
  private readonly root: Fields
  private readonly known = new Map<unknown, { check: ValueCheck | undefined }>()

  constructor(root: Fields) {
    this.root = root
  }

  /** Undefined where it is not understood. */
  value(written: unknown): ValueCheck | undefined {
    const schema = this.target(written)
    if (schema === true) return anything
    if (schema === false) return never
    if (!isFields(schema) || Object.keys(schema).some((keyword) => !UNDERSTOOD.has(keyword))) return undefined
    const known = this.known.get(schema)
    // One that refers to itself is asked for when it is there.
    if (known !== undefined) return (reading) => known.check?.(reading) === true
    const made: { check: ValueCheck | undefined } = { check: undefined }
    this.known.set(schema, made)
    const string = stringCheck(schema)
    const number = numberCheck(schema)
    const list = this.list(schema)
    const object = this.object(schema)
    if (list === undefined || object === undefined) return undefined
    made.check = byFirstByte({ string, number, list, object, isLiteral: literalTest(schema) })
    return made.check
  }

  private target(written: unknown): unknown {
    let schema = written
    for (let step = 0; step < MOST_STEPS; step++) {
      if (!isFields(schema) || schema['$ref'] === undefined) return schema
      const { $ref: reference, [STEP]: _step, $defs: _definitions, ...beside } = schema
      const number = typeof reference === 'string' ? /^#\/\$defs\/(\d+)$/.exec(reference)?.[1] : undefined
      const definitions = this.root['$defs']
      if (number === undefined || !isFields(definitions) || Object.keys(beside).length > 0) return undefined
      schema = definitions[number]
    }
    return undefined
  }

  private list(schema: Fields): ValueCheck | undefined {
    const { items = true, minItems = 0, maxItems = Infinity } = schema
    if (!allows(schema, 'array')) return never
    const item = this.value(items)
    if (item === undefined) return undefined
    const [least, most] = [Number(minItems), Number(maxItems)]
    return (reading) => entries(reading, item, least, most)
  }

  private object(schema: Fields): ValueCheck | undefined {
    if (!allows(schema, 'object')) return never
    const properties: Property[] = []
    for (const [name, property] of Object.entries(
      isFields(schema['properties']) ? schema['properties'] : {},
    )) {
      const check = this.value(property)
      if (check === undefined || properties.length >= MOST_PROPERTIES) return undefined
      // Others are told from what they might be taken for when the text is read.
      if (PLAIN_NAME.test(name) && !HAZARDS.has(name))
        properties.push({ name, bytes: Buffer.from(name), bit: 1 << properties.length, check })
    }
    const names: readonly unknown[] = Array.isArray(schema['required']) ? schema['required'] : []
    let required = 0
    for (const name of names) {
      const bit = properties.find((property) => property.name === name)?.bit
      if (bit === undefined) return never
      required |= bit
    }
    return (reading) => members(reading, properties, required)
  }
}

interface Property {
  readonly name: string
  readonly bytes: Uint8Array
  readonly bit: number
  readonly check: ValueCheck
}

/** Printable ASCII that is written as it is. */
const PLAIN_NAME = /^[ !#-[\]-~]*$/

/** See `readJson`. */
const HAZARDS = new Set(['__proto__', 'constructor'])

/** Each entry is taken, and there are not too few of them, nor too many. */
function entries(reading: ByteReader, item: ValueCheck, least: number, most: number): boolean {
  if (--reading.depthLeft < 0) return false
  reading.values++
  reading.at++
  let count = 0
  let byte = reading.next()
  if (byte === LIST_END) reading.at++
  else
    for (;;) {
      if (!item(reading)) return false
      count++
      byte = reading.next()
      reading.at++
      if (byte === LIST_END) break
      if (byte !== COMMA) return false
      reading.values++
      reading.next()
    }
  reading.depthLeft++
  return count >= least && count <= most
}

/** Each member is one of the properties, and comes once. */
function members(reading: ByteReader, properties: readonly Property[], required: number): boolean {
  if (--reading.depthLeft < 0) return false
  reading.values++
  reading.at++
  let met = 0
  let byte = reading.next()
  if (byte === OBJECT_END) reading.at++
  else
    for (let expected = 0; ; ) {
      if (byte !== QUOTE) return false
      // Mostly they come in the order of the schema.
      let tried = 0
      while (!reading.isQuoted((properties[expected] ?? NO_PROPERTY).bytes)) {
        if (++tried >= properties.length) return false
        if (++expected >= properties.length) expected = 0
      }
      const property = properties[expected]
      if (property === undefined || (met & property.bit) !== 0) return false
      met |= property.bit
      if (++expected >= properties.length) expected = 0
      if (reading.next() !== COLON) return false
      reading.at++
      reading.next()
      if (!property.check(reading)) return false
      byte = reading.next()
      reading.at++
      if (byte === OBJECT_END) break
      if (byte !== COMMA) return false
      reading.values++
      byte = reading.next()
    }
  reading.depthLeft++
  return (met & required) === required
}

const never: ValueCheck = () => false

const NO_PROPERTY = { bytes: new Uint8Array(0) }

/** Of values of each type; an object with members has names, of which nothing is known here. */
const anything: ValueCheck = byFirstByte({
  string: (reading) => reading.string() !== -1,
  number: (reading) => !Number.isNaN(reading.number(false)),
  list: (reading) => entries(reading, anything, 0, Infinity),
  object: (reading) => members(reading, [], 0),
  isLiteral: () => true,
})

interface Checks {
  readonly string: ValueCheck
  readonly number: ValueCheck
  readonly list: ValueCheck
  readonly object: ValueCheck
  readonly isLiteral: (value: boolean | null) => boolean
}

function byFirstByte({ string, number, list, object, isLiteral }: Checks): ValueCheck {
  const [isTrue, isFalse, isNull] = [isLiteral(true), isLiteral(false), isLiteral(null)]
  return (reading) => {
    switch (reading.bytes[reading.at]) {
      case QUOTE:
        return string(reading)
      case OBJECT:
        return object(reading)
      case LIST:
        return list(reading)
      case T:
        return isTrue && reading.isLiteral(TRUE)
      case F:
        return isFalse && reading.isLiteral(FALSE)
      case N:
        return isNull && reading.isLiteral(NULL)
      default:
        return number(reading)
    }
  }
}

function allows({ type, enum: values, const: value }: Fields, asked: string): boolean {
  const types: readonly unknown[] = [type].flat()
  // Of lists and objects among the values that are allowed, nothing is known here.
  const isChosen = values !== undefined || value !== undefined
  return (type === undefined || types.includes(asked)) && !(isChosen && /^(?:array|object)$/.test(asked))
}

/** The values that are allowed, where they are listed. */
function chosen({ enum: values, const: value }: Fields): ReadonlySet<unknown> | undefined {
  const ofList = Array.isArray(values) ? new Set<unknown>(values) : undefined
  if (value === undefined) return ofList
  return new Set<unknown>(ofList === undefined || ofList.has(value) ? [value] : [])
}

function literalTest(schema: Fields): Checks['isLiteral'] {
  const values = chosen(schema)
  return (value) =>
    allows(schema, value === null ? 'null' : 'boolean') && (values === undefined || values.has(value))
}

function stringCheck(schema: Fields): ValueCheck {
  if (!allows(schema, 'string')) return never
  const { minLength = 0, maxLength = Infinity, pattern, format } = schema
  const [least, most] = [Number(minLength), Number(maxLength)]
  const values = chosen(schema)
  const tests: ((text: string) => boolean)[] = []
  if (values !== undefined) tests.push((text) => values.has(text))
  if (typeof pattern === 'string') {
    const matched = linearPattern(pattern)
    tests.push((text) => matched.test(text))
  }
  const ofFormat = typeof format === 'string' ? textFormat(format) : undefined
  if (ofFormat !== undefined) tests.push(ofFormat)
  return (reading) => {
    const start = reading.at + 1
    const length = reading.string()
    if (length < least || length > most || length === -1) return false
    if (tests.length === 0) return true
    const text = reading.text(start, start + length)
    return tests.every((test) => test(text))
  }
}

function numberCheck(schema: Fields): ValueCheck {
  const isNumber = allows(schema, 'number')
  if (!isNumber && !allows(schema, 'integer')) return never
  const { minimum = -Infinity, maximum = Infinity, format } = schema
  const { exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity } = schema
  const [least, most] = [Number(minimum), Number(maximum)]
  const [above, below] = [Number(exclusiveMinimum), Number(exclusiveMaximum)]
  const values = chosen(schema)
  const ofFormat = typeof format === 'string' ? numberFormat(format) : undefined
  const isAny =
    isNumber &&
    values === undefined &&
    ofFormat === undefined &&
    [least, -most, above, -below].every((bound) => bound === -Infinity)
  if (isAny) return (reading) => !Number.isNaN(reading.number(false))
  return (reading) => {
    const value = reading.number(true)
    // Nothing compares with what is no number.
    if (!(value >= least && value <= most && value > above && value < below)) return false
    if (!isNumber && !Number.isInteger(value)) return false
    return (values === undefined || values.has(value)) && (ofFormat === undefined || ofFormat(value))
  }
}

const COMMA = 0x2c
const COLON = 0x3a
const LIST = 0x5b
const LIST_END = 0x5d
const F = 0x66
const N = 0x6e
const T = 0x74
const OBJECT = 0x7b
const OBJECT_END = 0x7d
const TRUE: Uint8Array = Buffer.from('true')
const FALSE: Uint8Array = Buffer.from('false')
const NULL: Uint8Array = Buffer.from('null')
