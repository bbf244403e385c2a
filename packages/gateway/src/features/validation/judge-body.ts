import { type Exchange, type HttpRequest, TrafficError, type WholeBody } from '@headgate/core'
import { mediaType } from '../../routing/conditions.ts'
import { collectBody } from '../collect-body.ts'
import { jsonBody } from '../json-body.ts'
import { formTexts } from './read-parts.ts'
import { type JsonRules, NO_UTF8, readJson, utf8Text } from './read-json.ts'
import { FORM } from './setting.ts'
import { textMistakes, type TextSchema } from './text-values.ts'
import type { Violation } from './violation.ts'

/** A type of bodies that is taken. */
export interface BodyForm {
  /** In lower case: a type, or a range such as `application/*+json`. */
  readonly type: string
  /** Undefined: any content of that type, as far as it can be read. */
  readonly schema: TextSchema | undefined
}

export interface BodyRules extends JsonRules {
  /** In the order in which they are written: all have the same schema, so which one takes a body makes no difference. */
  readonly forms: readonly BodyForm[]
  /** Bytes. */
  readonly size: number
  /** Whether a request of that method must have a body. */
  readonly isRequired: (method: string) => boolean
}

/** What is wrong with a body: a refusal of its own, or violations, of which there may be none. */
export type BodyVerdict = TrafficError | readonly Violation[]

/** @throws TrafficError for a body that is too large to be looked at; what broke it */
export function judgeBody(exchange: Exchange, rules: BodyRules): BodyVerdict | Promise<BodyVerdict> {
  const { request } = exchange
  if (request.body.length === 0) return emptyVerdict(request, rules)
  const form = formOf(request, rules)
  if (form instanceof TrafficError) return form
  const { size } = rules
  const content = collectBody(request, size, () => tooLarge(size))
  if (!(content instanceof Promise)) return contentVerdict(exchange, content, form, rules)
  return content.then((whole) => {
    // The client may have left, or the deadline have passed, while it arrived.
    if (exchange.cancellation !== undefined) throw exchange.cancellation
    return whole.length === 0 ? emptyVerdict(request, rules) : contentVerdict(exchange, whole, form, rules)
  })
}

const MISSING: readonly Violation[] = [{ in: 'body', pointer: '', detail: 'is missing' }]
const NONE: readonly Violation[] = []

function emptyVerdict({ method }: HttpRequest, rules: BodyRules): readonly Violation[] {
  return rules.isRequired(method) ? MISSING : NONE
}

function contentVerdict(
  exchange: Exchange,
  body: WholeBody,
  { type, schema }: BodyForm,
  rules: BodyRules,
): readonly Violation[] {
  if (type === FORM) return schema === undefined ? NONE : formVerdict(body, schema, rules)
  if (!isJson(type)) return NONE
  const known = jsonBody.of(exchange)
  const parsed = known?.body === body ? known : undefined
  const read = readJson(body, rules, parsed)
  if (!read.ok) return [read.violation]
  if (parsed === undefined) jsonBody.state(exchange, { body, value: read.value })
  const mistakes = schema?.check(read.value, read.values)
  return mistakes === undefined ? NONE : mistakes.map((mistake) => ({ in: 'body', ...mistake }))
}

function formVerdict(body: WholeBody, schema: TextSchema, { values }: BodyRules): readonly Violation[] {
  const text = utf8Text(body)
  if (text === undefined) return [{ in: 'body', pointer: '', detail: NO_UTF8 }]
  const texts = formTexts(text, values)
  if (texts === undefined) return [{ in: 'body', pointer: '', detail: 'is not UTF-8 in percent-encoding' }]
  if (texts.count > values) return [{ in: 'body', pointer: '', detail: `holds more than ${values} values` }]
  return textMistakes(texts, schema).map((mistake) => ({ in: 'body', ...mistake }))
}

/** The form of a body, or why none is taken. A coded body would have to be decoded as the upstream does. */
function formOf({ headers }: HttpRequest, { forms }: BodyRules): BodyForm | TrafficError {
  const coding = headers.get('content-encoding')
  if (coding !== undefined && coding.toLowerCase() !== 'identity')
    return unsupported('the body must have no content coding', ['accept-encoding', 'identity'])
  const written = headers.get('content-type')
  const type = written === undefined ? '' : mediaType(written)
  const form = forms.find((each) => takes(each.type, type))
  const types = forms.map((each) => each.type).join(', ')
  if (form === undefined) return unsupported(`the body must be ${types}`, ['accept', types])
  if (written !== undefined && (isJson(form.type) || form.schema !== undefined) && !isUtf8(written))
    return unsupported(`the body must be ${types}, in UTF-8`, ['accept', types])
  return form
}

/** Also of the ranges that are taken. */
function isJson(type: string): boolean {
  return type.endsWith('json')
}

function takes(range: string, type: string): boolean {
  if (range === type) return true
  const star = range.indexOf('*')
  return (
    star !== -1 &&
    type.length >= range.length &&
    type.startsWith(range.slice(0, star)) &&
    type.endsWith(range.slice(star + 1))
  )
}

/** Without a charset, it is UTF-8 (RFC 8259 8.1, WHATWG URL 5.2). */
function isUtf8(contentType: string): boolean {
  const charsets = Array.from(contentType.matchAll(/;\s*charset\s*=\s*"?([^";\s]*)"?/gi), ([, name]) => name)
  return charsets.every((charset) => /^utf-?8$/i.test(charset ?? ''))
}

/** The field names what would be taken (RFC 9110 15.5.16). */
function unsupported(message: string, field: readonly [string, string]): TrafficError {
  const refusal = new TrafficError('unsupported_media_type', message, {
    phase: 'request-body',
    replaySafe: 'unsent',
  })
  refusal.fields = [field]
  return refusal
}

function tooLarge(limit: number): TrafficError {
  return new TrafficError('request_body_too_large', `the body is larger than the limit of ${limit} bytes`, {
    phase: 'request-body',
    replaySafe: 'unsent',
  })
}
