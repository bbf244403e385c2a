import { isSecretField } from '../telemetry/secret-names.ts'
import type { HeaderLine } from '../message/header-line.ts'
import { ownText } from '../message/own-text.ts'
import { isBlank, isFieldValue, isLength, isToken } from '../message/tokens.ts'
import { FieldKind, INDEXING, Indexing, KINDS, OF_CONNECTION } from './field-kinds.ts'
import { STATIC_ENTRIES } from './static-table.ts'

/** A field's name, with what is known of all fields that have it. Names in use are kept and shared. */
export class FieldName {
  /** As it was sent; in lower case unless the kind is `malformed`. */
  readonly text: string
  readonly kind: FieldKind
  readonly indexing: Indexing
  /** Whether its values are secrets, as the name says: they must not be indexed where a table serves many who ask. */
  readonly isSecret: boolean
  /** Whether it describes one connection or its framing, which a stream decides for itself (RFC 9113 8.2.2): no head is made with it. */
  readonly isOfConnection: boolean
  /** The first entry of the static table that has this name; 0 if none has. */
  readonly staticIndex: number
  /** The last field that was made of it: the next one often has the same value, and is the same object then. */
  recent: Field | undefined = undefined
  /** Fields of values that may come again, where there was more than one: as the mark of each route in CDN-Loop. */
  values: Map<string, Field> | undefined = undefined

  constructor(text: string, staticIndex: number) {
    this.text = internalized(text)
    this.kind = KINDS.get(text) ?? (isLowerToken(text) ? FieldKind.regular : FieldKind.malformed)
    this.indexing = INDEXING.get(text) ?? Indexing.repeats
    this.isSecret = this.indexing === Indexing.never || isSecretField(text)
    this.isOfConnection = OF_CONNECTION.has(text)
    this.staticIndex = staticIndex
  }
}

const LARGEST_SERIAL = 0x3fff_ffff
let serials = 0

/** A field line. Immutable: validated and classified once, when it is made, and the same object wherever it is repeated. */
export class Field {
  readonly name: FieldName
  /** One byte a character. */
  readonly value: string
  readonly kind: FieldKind
  /** Its place in the static table, which has just this field; 0 if it has none. */
  readonly staticIndex: number
  /** Whether it came as a literal that nobody may index: it is passed on as such a one (RFC 7541 6.2.3). */
  readonly neverIndexed: boolean
  /** What it takes in a table, and of the limit on a field section's size (RFC 7541 4.1, RFC 9113 10.5.1). Bytes. */
  readonly size: number
  /** Tells fields apart in tables that have a place for a few of them: see `EncoderTable`. */
  readonly serial: number
  /** As messages have it; undefined until one has. */
  line: HeaderLine | undefined = undefined

  constructor(name: FieldName, value: string, staticIndex: number, neverIndexed: boolean) {
    serials = (serials + 1) & LARGEST_SERIAL
    this.serial = serials
    this.name = name
    this.value = value
    this.kind = isValueFor(name.kind, value) ? name.kind : FieldKind.malformed
    this.staticIndex = staticIndex
    this.neverIndexed = neverIndexed
    this.size = name.text.length + value.length + 32
  }
}

/** Names in use are few, forged ones many. */
const KNOWN_LIMIT = 1024
/** Longer names and values are not worth keeping. */
const LONGEST_NAME = 64
export const LONGEST_VALUE = 256
/** So many values of a name are kept, of so many names. */
const VALUES_LIMIT = 64
const NAMES_WITH_VALUES = 64
/** Those that have them: a connection's table may go on using a name that is known no more. */
const namesWithValues = new Set<FieldName>()

/** Those of the static table, which are never forgotten. */
const STANDARD: ReadonlyMap<string, FieldName> = new Map(
  STATIC_ENTRIES.map(([name], index) => [name, new FieldName(name, index + 1)] as const).reverse(),
)
let known = new Map(STANDARD)

/** Entry `n` of the static table is element `n - 1`. */
export const STATIC_FIELDS: readonly Field[] = STATIC_ENTRIES.map(
  ([name, value], index) => new Field(fieldName(name), value, index + 1, false),
)

export function fieldName(text: string): FieldName {
  let name = known.get(text)
  if (name === undefined) {
    name = new FieldName(text, 0)
    if (text.length <= LONGEST_NAME) {
      if (known.size >= KNOWN_LIMIT) forget()
      known.set(text, name)
    }
  }
  return name
}

/** A flood of forged names leaves none but the standard ones, without values. */
function forget(): void {
  known = new Map(STANDARD)
  for (const name of namesWithValues) name.values = undefined
  namesWithValues.clear()
}

/**
 * A field that somebody sent, or that is to be sent: the last one of that name if it has the same value. Secrets are not kept for
 * that, nor what is long.
 */
export function fieldOf(name: FieldName, value: string, neverIndexed: boolean = false): Field {
  const { recent } = name
  if (recent !== undefined && recent.value === value && recent.neverIndexed === neverIndexed) return recent
  if (neverIndexed || name.isSecret || value.length > LONGEST_VALUE)
    return (neverIndexed ? undefined : staticField(name, value)) ?? new Field(name, value, 0, neverIndexed)
  let field = name.values?.get(value)
  if (field === undefined) {
    const repeats = name.indexing === Indexing.repeats
    // One that was cut from a head of HTTP/1.1 would keep all of it. Of the few names whose values vary the last one alone is kept.
    field = staticField(name, value) ?? new Field(name, repeats ? ownText(value) : value, 0, false)
    if (recent !== undefined && repeats) keep(name, recent, field)
  }
  name.recent = field
  return field
}

/** Of a name that has had another value: both may come again. */
function keep(name: FieldName, recent: Field, field: Field): void {
  if (name.values === undefined) {
    if (namesWithValues.size === NAMES_WITH_VALUES) return
    namesWithValues.add(name)
    name.values = new Map([[recent.value, recent]])
  }
  if (name.values.size >= VALUES_LIMIT) name.values.clear()
  name.values.set(field.value, field)
}

/** Entries of one name stand side by side in the static table. */
function staticField(name: FieldName, value: string): Field | undefined {
  if (name.staticIndex === 0) return undefined
  let index = name.staticIndex - 1
  let field = STATIC_FIELDS[index]
  while (field !== undefined && field.name === name) {
    if (field.value === value) return field
    field = STATIC_FIELDS[++index]
  }
  return undefined
}

/** Why a field of the kind `malformed` must not be part of a message. Its value is not told: it may be a secret. */
export function malformation({ name: { text, kind }, value }: Field): string {
  if (KINDS.get(text) === FieldKind.malformed)
    return `${text} concerns an HTTP/1.1 connection (RFC 9113 8.2.2)`
  if (kind === FieldKind.malformed) {
    const what = text.startsWith(':') ? 'a pseudo-header field that is not known (RFC 9113 8.3)' : undefined
    return `${JSON.stringify(text.slice(0, 64))} is ${what ?? 'no field name in lower case (RFC 9113 8.2.1)'}`
  }
  if (!isValue(value))
    return `the value of ${text} holds what no value may, or a blank at an end (RFC 9113 8.2.1)`
  return kind === FieldKind.te
    ? 'te holds something else than "trailers" (RFC 9113 8.2.2)'
    : `the value of ${text} is no decimal number below 2^53 (RFC 9110 8.6)`
}

/** The same text as the names in our code are: two such are compared by their addresses (V8), as `HeaderList` does for each line. */
function internalized(text: string): string {
  for (const key in { [text]: undefined }) return key
  return text
}

function isLowerToken(text: string): boolean {
  return isToken(text) && text === text.toLowerCase()
}

/**
 * Stricter than RFC 9113 8.2.1, which forbids NUL, CR and LF: no control character passes but HTAB, as over HTTP/1.1, to which a
 * field may be passed on.
 */
function isValue(value: string): boolean {
  return isFieldValue(value) && !isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(value.length - 1))
}

function isValueFor(kind: FieldKind, value: string): boolean {
  if (!isValue(value)) return false
  if (kind === FieldKind.te) return value.toLowerCase() === 'trailers'
  return kind !== FieldKind.contentLength || isLength(value)
}
