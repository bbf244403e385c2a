import { httpDate } from '../fields/http-date.ts'
import { unsendable } from '../message/errors.ts'
import { HeaderLine } from '../message/header-line.ts'
import type { HeaderList } from '../message/headers.ts'
import { trimBlanks } from '../message/tokens.ts'
import { type Field, type FieldName, fieldName, fieldOf, malformation } from './field.ts'
import { FieldKind } from './field-kinds.ts'
import { FieldList, type Fields } from './field-list.ts'

const STATUS = fieldName(':status')
const CONTENT_LENGTH = fieldName('content-length')
const DATE = fieldName('date')

/** A head is written as soon as it is made: one list does for all of a thread. */
const HEAD = new FieldList()

/** An empty list for the fields of a head, which holds those of the next head that anybody makes: whoever makes one writes it at once. */
export function beginHead(): FieldList {
  HEAD.clear()
  return HEAD
}

/** By the status. */
const statusFields: Field[] = []

function statusField(status: number): Field {
  return (statusFields[status] ??= fieldOf(STATUS, String(status)))
}

/**
 * The head of a response, to be written at once.
 * @param length of its content, where that is known; undefined where it is not, or where there is none by rule, in which case its
 * own Content-Length, if it tells one, is that of another response
 * @param isEmpty whether it has no content by rule
 */
export function responseFields(
  status: number,
  headers: HeaderList,
  length: number | undefined,
  isEmpty: boolean,
  wallTime: number,
): Fields {
  const fields = beginHead()
  fields.push(statusField(status))
  addFields(fields, headers)
  if (!isEmpty) {
    if (length !== undefined) fields.push(fieldOf(CONTENT_LENGTH, String(length)))
  } else if (status !== 204) {
    const told = headers.get('content-length')
    if (told !== undefined) fields.push(fieldOf(CONTENT_LENGTH, told))
  }
  if (valueOf(fields, DATE) === undefined) fields.push(fieldOf(DATE, httpDate(wallTime)))
  return fields
}

/** The head of a 1xx response (RFC 9110 15.2), to be written at once. */
export function informationalFields(status: number, headers?: HeaderList): Fields {
  const fields = beginHead()
  fields.push(statusField(status))
  if (headers !== undefined) addFields(fields, headers)
  return fields
}

/**
 * Trailers; undefined if there are none.
 * @throws TrafficError `internal` if one of them is malformed: they are sent when nobody can be told any more
 */
export function trailerFields(trailers: HeaderList | undefined): Field[] | undefined {
  if (trailers === undefined || trailers.size === 0) return undefined
  const fields: Field[] = []
  addFields(fields, trailers)
  const broken = fields.find(({ kind }) => kind === FieldKind.malformed)
  if (broken !== undefined) throw unsendable(malformation(broken), 'set fields through HeaderList.set')
  return fields
}

/** Adds a field that came: where nobody may index it, nobody behind us may, either (RFC 7541 6.2.3). */
export function takeField(headers: HeaderList, field: Field): void {
  headers.addLine((field.line ??= lineOf(field)))
  if (field.neverIndexed) (headers.neverIndexed ??= new Set()).add(field.name.text)
}

function lineOf(field: Field): HeaderLine {
  const line = new HeaderLine(field.name.text, field.value)
  line.wire = field
  return line
}

/** All but those that describe one connection and its framing: what a stream does decides them (RFC 9113 8.2.2). */
export function addFields(fields: Field[] | FieldList, headers: HeaderList): void {
  const { size, neverIndexed } = headers
  for (let index = 0; index < size; index++) {
    const line = headers.lineAt(index)
    const isMarked = neverIndexed !== undefined && neverIndexed.has(line.name)
    // A line that came over HTTP/2, or was sent over it, has its field; what is secret may have come as one that says nothing of it.
    const known = line.wire as Field | undefined
    const isAsSent = known !== undefined && (known.neverIndexed || !(isMarked || known.name.isSecret))
    const field = isAsSent ? known : fieldFor(line, isMarked)
    if (field !== undefined && !field.name.isOfConnection) fields.push(field)
  }
}

/** @returns undefined for one that describes the connection */
function fieldFor(line: HeaderLine, isMarked: boolean): Field | undefined {
  const name = fieldName(line.name)
  if (name.isOfConnection) return undefined
  if (name.kind >= FieldKind.method)
    throw unsendable(
      `${name.text} stands among the fields of a message`,
      'set the part of the message that it tells',
    )
  const isSecret = isMarked || name.isSecret
  const field = fieldOf(name, line.value, isSecret)
  // A blank at an end has no place here, and means nothing over HTTP/1.1 (RFC 9113 8.2.1).
  const sent = field.kind === FieldKind.malformed ? fieldOf(name, trimBlanks(line.value), isSecret) : field
  // The line may stand in messages of others, who have not marked it.
  if (!isMarked) line.wire = sent
  return sent
}

/** The value of the last of them that has that name; undefined if none has. */
export function valueOf(fields: Fields, name: FieldName): string | undefined {
  for (let index = fields.length - 1; index >= 0; index--) {
    const field = fields.at(index) as Field // within the list
    if (field.name === name) return field.value
  }
  return undefined
}
