import { Ajv2020, type AnySchema, type ErrorObject, type ValidateFunction } from './ajv.ts'
import { addFormats } from './formats.ts'
import { linearPattern } from './pattern.ts'
import { type SchemaCopy, STEP, VALUES } from './schema-copy.ts'
import { placeText } from './schema-place.ts'
import { pointerStep } from './violation.ts'

/** Something that a value is not, in it. */
export interface Mistake {
  readonly pointer: string
  readonly detail: string
}

/** Says what is wrong with a value; undefined where nothing is. @param size how many values it holds */
export type SchemaCheck = (value: unknown, size: number) => readonly Mistake[] | undefined

/** In a value with more values than that, the first mistake is told alone: each may be as many mistakes as a schema has keywords. */
const TELLS_ALL = 1000

/** References that checking a value may follow, and further ones for each value in it. */
const STEPS = 20_000
const STEPS_PER_VALUE = 100

/**
 * Compiles schemas that refer to nothing outside of themselves. A schema that refers to itself in several ways can take time
 * exponential in the depth of a value: each reference is a step, and steps are counted.
 */
export class SchemaCompiler {
  private readonly first = this.make({ allErrors: false, ownProperties: false })
  private readonly all = this.make({ allErrors: true, ownProperties: true })
  /** For schemas that speak of what objects inherit. */
  private careful: Ajv2020 | undefined
  private judging: Ajv2020 | undefined
  private steps = 0

  /** @throws Error if it is no schema; its message continues "is no schema: " */
  compile(schema: AnySchema): SchemaCheck {
    const first = compiledBy(this.firstFor(schema), schema)
    const all = compiledBy(this.all, schema)
    return (value, size) => {
      this.steps = STEPS + size * STEPS_PER_VALUE
      try {
        if (first(value)) return undefined
        this.steps = STEPS + size * STEPS_PER_VALUE
        const found = size > TELLS_ALL ? [] : mistakesOf(all, value)
        return found.length > 0 ? found : mistakesOf(first)
      } catch (error) {
        if (error instanceof OutOfSteps)
          return [{ pointer: '', detail: 'takes too many steps to be checked' }]
        throw error
      }
    }
  }

  /** What is no schema in a schema that was copied, as sentences; none where it can be used. */
  mistakesInSchema({ schema, origins, start }: SchemaCopy): string[] {
    this.judging ??= this.make({ allErrors: true, ownProperties: true, meta: true })
    if (this.judging.validateSchema(schema) !== true)
      return firstOfEach(mistakesIn(this.judging.errors ?? [])).map(({ pointer, detail }) => {
        const [, number, rest] = /^\/\$defs\/(\d+)(.*)$/s.exec(pointer) ?? []
        const origin = (number === undefined ? start : origins[Number(number)]) ?? start
        return `${placeText(origin)}${rest ?? pointer} ${detail}`
      })
    try {
      this.compile(schema)
      return []
    } catch (error) {
      if (error instanceof RangeError)
        return [
          `${placeText(start)} has too many members, or references that lead on to others, to be compiled`,
        ]
      return [`${placeText(start)} is no schema: ${error instanceof Error ? error.message : String(error)}`]
    }
  }

  /** To tell what an object inherits from what was sent takes five times as long, and few schemas need it. */
  private firstFor(schema: AnySchema): Ajv2020 {
    const text = JSON.stringify(schema)
    if (!INHERITED.some((name) => text.includes(`"${name}"`))) return this.first
    return (this.careful ??= this.make({ allErrors: false, ownProperties: true }))
  }

  private make(options: { allErrors: boolean; ownProperties: boolean; meta?: boolean }): Ajv2020 {
    const ajv = new Ajv2020({
      meta: false,
      ...options,
      strict: false,
      // What is too large for a number is read as infinite.
      strictNumbers: true,
      logger: false,
      // Schemas are checked where a configuration is read, by `mistakesInSchema`.
      validateSchema: false,
      addUsedSchema: false,
      code: {
        optimize: false,
        regExp: Object.assign((pattern: string) => linearPattern(pattern), { code: '' }),
      },
    })
    addFormats(ajv)
    ajv.removeKeyword('uniqueItems')
    ajv.addKeyword({ keyword: 'uniqueItems', type: 'array', schemaType: 'boolean', validate: areUnique })
    ajv.addKeyword({ keyword: VALUES, schemaType: 'array', compile: areAllowed })
    ajv.addKeyword({ keyword: STEP, before: '$ref', validate: () => this.step() })
    return ajv
  }

  private step(): boolean {
    if (--this.steps < 0) throw new OutOfSteps()
    return true
  }
}

/** The library would keep each schema that it has compiled. */
function compiledBy(ajv: Ajv2020, schema: AnySchema): ValidateFunction {
  const compiled = ajv.compile(schema)
  if (typeof schema === 'object') ajv.removeSchema(schema)
  return compiled
}

/** Of every object: `constructor`, `toString` and so on. */
const INHERITED = Object.getOwnPropertyNames(Object.prototype)

class OutOfSteps extends Error {}

function mistakesOf(check: ValidateFunction, value?: unknown): readonly Mistake[] {
  if (value !== undefined) check(value)
  return mistakesIn(check.errors ?? [])
}

function mistakesIn(errors: readonly ErrorObject[]): readonly Mistake[] {
  const seen = new Set<string>()
  return errors.flatMap((error) => {
    const mistake = mistakeOf(error)
    const key = `${mistake.pointer} ${mistake.detail}`
    if (seen.has(key)) return []
    seen.add(key)
    return [mistake]
  })
}

/** The others at the same place are mostly of further forms that it might have had. */
function firstOfEach(mistakes: readonly Mistake[]): Mistake[] {
  return mistakes.filter(
    ({ pointer }, index) => index === mistakes.findIndex((each) => each.pointer === pointer),
  )
}

/** The messages of the library cite schemas, and never values. */
function mistakeOf({ instancePath, keyword, params, message = 'is not valid' }: ErrorObject): Mistake {
  const named = params['additionalProperty'] ?? params['unevaluatedProperty'] ?? params['propertyName']
  switch (keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return { pointer: instancePath + pointerStep(String(named)), detail: 'is not known here' }
    case 'required':
      return { pointer: instancePath + pointerStep(String(params['missingProperty'])), detail: 'is missing' }
    case 'propertyNames':
      return { pointer: instancePath + pointerStep(String(named)), detail: 'has a name that is not allowed' }
    case 'uniqueItems':
      return { pointer: instancePath, detail: 'must not have two equal items' }
    case VALUES:
      return { pointer: instancePath, detail: 'must be equal to one of the allowed values' }
    case 'false schema':
      return { pointer: instancePath, detail: 'is not allowed' }
    default:
      return { pointer: instancePath, detail: message }
  }
}

/** In time linear in the text: the library compares each item with each other. */
function areUnique(isAsked: boolean, items: readonly unknown[]): boolean {
  if (!isAsked || items.length < 2) return true
  return new Set<unknown>(items.map(keyOf)).size === items.length
}

/** The library calls `toString` of what it compares, which may be what was sent. */
function areAllowed(lists: readonly (readonly unknown[])[]): (value: unknown) => boolean {
  const keys = lists.map((values) => new Set<unknown>(values.map(keyOf)))
  return (value) => keys.every((each) => each.has(keyOf(value)))
}

/** The same for equal values. */
function keyOf(item: unknown): unknown {
  if (typeof item === 'object' && item !== null) return canonical(item)
  // Apart from texts that stand for an object.
  return typeof item === 'string' ? `"${item}` : item
}

/** The same text for equal values, whatever the order of their members. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${entries.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join()}}`
}
