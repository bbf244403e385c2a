import type { Exchange } from '@headgate/core'
import { type Fields, isFields } from '../../../settings/problems/fields.ts'
import { addEntry } from '../../../settings/read/positions.ts'
import type { NamedPart } from '../judge-parts.ts'
import { readJsonText } from '../read-json.ts'
import { cookieTexts, formDecoded, headerTexts, undecodedQuery } from '../read-parts.ts'
import type { SchemaCheck } from '../schema-compiler.ts'
import { textShape, type TextShape } from '../text-values.ts'
import { pointerStep, type Violation } from '../violation.ts'
import { type Parameter, parameterTexts, type ParameterTexts } from './parameter-texts.ts'

/** What the router found in the path, by the names of its patterns. */
export type PathParams = Readonly<Record<string, string>>

export type ParametersJudge = (exchange: Exchange, params: PathParams) => readonly Violation[]

/** How texts of a part are decoded once they are taken apart; undefined where they cannot be. */
const DECODED: Readonly<Record<NamedPart, (text: string) => string | undefined>> = {
  query: formDecoded,
  header: (text) => text.trim(),
  cookie: (text) => text,
  path(text) {
    try {
      return decodeURIComponent(text)
    } catch {
      return undefined
    }
  },
}

/** A parameter with the form that its schema gives it. */
interface ShapedParameter {
  readonly parameter: Parameter
  /** As it is called in what was sent. */
  readonly sentAs: Parameter
  readonly shape: TextShape
}

/**
 * Has a schema judge the parameters of one part.
 * @param schema of an object with a property for each parameter, and in `$defs` what references lead to
 * @param pathNames names of parameters by those of the router's patterns
 */
export function judgeParameters(
  part: NamedPart,
  parameters: readonly Parameter[],
  schema: Fields,
  check: SchemaCheck,
  pathNames: ReadonlyMap<string, string>,
): ParametersJudge {
  const properties = isFields(schema['properties']) ? schema['properties'] : {}
  const shaped = parameters.map((parameter): ShapedParameter => {
    const sentAs = part === 'header' ? { ...parameter, name: parameter.name.toLowerCase() } : parameter
    return { parameter, sentAs, shape: textShape(properties[parameter.name], schema) }
  })
  const sentIn = sentTexts(part, pathNames)
  return (exchange, params) => {
    const sent = sentIn(exchange, params)
    if (sent === undefined) return [{ in: part, pointer: '', detail: 'is not UTF-8 in percent-encoding' }]
    const unread = new Map<string, string>()
    const values = {}
    let count = 0
    for (const { parameter, sentAs, shape } of shaped) {
      const texts = parameterTexts(sentAs, shape, sent)
      const read = texts && valueOf(texts, parameter, shape)
      if (read === undefined) continue
      count += read.count
      if (read.detail === undefined) addEntry(values, parameter.name, read.value)
      else unread.set(pointerStep(parameter.name), read.detail)
    }
    const violations = Array.from(unread, ([pointer, detail]): Violation => ({ in: part, pointer, detail }))
    for (const mistake of check(values, count) ?? [])
      if (!unread.has(mistake.pointer)) violations.push({ in: part, ...mistake })
    return violations
  }
}

function sentTexts(
  part: NamedPart,
  pathNames: ReadonlyMap<string, string>,
): (exchange: Exchange, params: PathParams) => ReadonlyMap<string, readonly string[]> | undefined {
  switch (part) {
    case 'query':
      return (exchange) => undecodedQuery(exchange)?.texts
    case 'header':
      return (exchange) => headerTexts(exchange).texts
    case 'cookie':
      return (exchange) => cookieTexts(exchange).texts
    case 'path':
      return (_exchange, params) =>
        new Map(Object.entries(params).map(([own, text]) => [pathNames.get(own) ?? own, [text]]))
  }
}

interface ReadValue {
  readonly value?: unknown
  /** What is wrong with it, where it cannot be read. */
  readonly detail?: string
  readonly count: number
}

function valueOf(
  texts: Exclude<ParameterTexts, undefined>,
  { part, style }: Parameter,
  shape: TextShape,
): ReadValue {
  const decode = DECODED[part]
  switch (texts.kind) {
    case 'mistake':
      return { detail: texts.detail, count: 1 }
    case 'text': {
      const text = decode(texts.text)
      if (text === undefined) return UNDECODED
      return style === 'json' ? readJsonText(text) : { value: shape.value(text), count: 1 }
    }
    case 'list': {
      const items = texts.items.map(decode)
      if (items.includes(undefined)) return UNDECODED
      return { value: items.map((item = '') => shape.value(item)), count: items.length + 1 }
    }
    case 'object': {
      const value = {}
      for (const [name, text] of texts.members) {
        const [key, decoded] = [decode(name), decode(text)]
        if (key === undefined || decoded === undefined) return UNDECODED
        if (Object.hasOwn(value, key)) return { detail: 'has a member twice', count: 1 }
        addEntry(value, key, shape.member(key, decoded))
      }
      return { value, count: texts.members.length + 1 }
    }
  }
}

const UNDECODED: ReadValue = { detail: 'is not UTF-8 in percent-encoding', count: 1 }
