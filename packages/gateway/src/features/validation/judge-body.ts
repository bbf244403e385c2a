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
  /** The first one that takes a body counts. */
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
  // What is not read is not kept either: it may be an upload of any size.
  if (!isRead(form)) return NONE
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
  const known = jsonBody.of(exchange)
  const parsed = known?.body === body ? known : undefined
  if (parsed === undefined && schema?.takes?.(body.bytes, rules) === true) return NONE
  const read = readJson(body, rules, parsed)
  if (!read.ok) return [read.violation]
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

/** The form of a body, with its own type, or why none is taken. A coded body would have to be decoded as the upstream does. */
function formOf({ headers }: HttpRequest, { forms }: BodyRules): BodyForm | TrafficError {
  const { type, isUtf8 } = typeOf(headers.get('content-type') ?? '')
  const form = forms.find((each) => takesType(each.type, type))
  const coding = headers.get('content-encoding')
  const isCoded = coding !== undefined && coding.toLowerCase() !== 'identity'
  if (isCoded && (form === undefined || isRead({ ...form, type })))
    return unsupported('the body must have no content coding', ['accept-encoding', 'identity'])
  if (form === undefined) return unsupported(`the body must be ${namesOf(forms)}`, ['accept', namesOf(forms)])
  const { schema } = form
  if (!isUtf8 && (isJsonType(type) || schema !== undefined))
    return unsupported(`the body must be ${namesOf(forms)}, in UTF-8`, ['accept', namesOf(forms)])
  return type === form.type ? form : { type, schema }
}

function namesOf(forms: readonly BodyForm[]): string {
  return forms.map(({ type }) => type).join(', ')
}

function isRead({ type }: BodyForm): boolean {
  return type === FORM || isJsonType(type)
}

/** In lower case: JSON, also under other names. */
export function isJsonType(type: string): boolean {
  return type.endsWith('/json') || type.endsWith('+json')
}

/** Whether a type, or a range of types, takes another; in lower case. */
export function takesType(range: string, type: string): boolean {
  if (range === type || range === '*/*') return true
  const star = range.indexOf('*')
  return (
    star !== -1 &&
    type.length >= range.length &&
    type.startsWith(range.slice(0, star)) &&
    type.endsWith(range.slice(star + 1))
  )
}

interface ContentType {
  readonly written: string
  /** In lower case; empty where none is written. */
  readonly type: string
  readonly isUtf8: boolean
}

/** Clients write the same one again and again, and to read it takes as long as to check a small body. */
let last: ContentType = { written: '', type: '', isUtf8: true }

/** Without a charset, it is UTF-8 (RFC 8259 8.1, WHATWG URL 5.2). */
function typeOf(written: string): ContentType {
  if (written === last.written) return last
  const charsets = Array.from(written.matchAll(/;\s*charset\s*=\s*"?([^";\s]*)"?/gi), ([, name]) => name)
  const isUtf8 = charsets.every((charset) => /^utf-?8$/i.test(charset ?? ''))
  last = { written, type: mediaType(written), isUtf8 }
  return last
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
