import { HeaderList } from '@headgate/core'
import { invalidRequest } from './invalid-request.ts'
import { shown } from './option-check.ts'
import type { HeadersInput } from './headers-input.ts'

/** Fields that the engine makes itself, of what it knows of body and connection (RFC 9110 7.6.1, RFC 9112 section 6). */
export const ENGINES_OWN: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** A field line, its name in lower case; undefined says that there shall be none. */
export type Field = readonly [name: string, value: string | undefined]

/**
 * The client's fields and the call's: those of the call take the place of fields of the same name.
 * @throws TrafficError `invalid_request`
 */
export function mergedHeaders(defaults: HeaderList, fields: readonly Field[]): HeaderList {
  const headers = new HeaderList()
  for (let index = 0; index < defaults.size; index++)
    headers.add(defaults.nameAt(index), defaults.valueAt(index))
  for (const [name] of fields) headers.delete(name)
  for (const [name, value] of fields) if (value !== undefined) appendField(headers, name, value)
  return headers
}

/**
 * Names and values, whatever form they were given in; a list of values is a line for each.
 * @throws TrafficError `invalid_request` that names the field whose value cannot be sent, without the value
 */
export function fieldsOf(input: HeadersInput): Field[] {
  if (typeof input !== 'object' || input === null)
    throw invalidRequest(
      `headers are ${typeof input === 'string' ? 'a text' : shown(input)}; allowed: an object of names and values, Headers, or a list of pairs`,
    )
  const given = Symbol.iterator in input ? [...(input as Iterable<unknown>)] : Object.entries(input)
  return given.flatMap((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string')
      throw invalidRequest('headers: a list of fields has pairs of a name and a value as its members')
    const [name, value] = pair as [string, unknown]
    const values: unknown[] = Array.isArray(value) ? value : [value]
    checkName(name, values)
    return values.map((each): Field => [name.toLowerCase(), textOf(name, each)])
  })
}

function checkName(name: string, values: readonly unknown[]): void {
  const isSent = values.some((value) => value !== undefined && value !== null)
  if (isSent && ENGINES_OWN.has(name.toLowerCase()))
    throw invalidRequest(`header field ${name} is made by the client itself: leave it out`)
}

function textOf(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  const kind = typeof value === 'number' ? String(value) : `of type ${typeof value}`
  throw invalidRequest(
    `header field ${name} cannot be ${kind}; allowed: a string, number or boolean, a list of those, or undefined to leave it out`,
  )
}

/** @throws TrafficError `invalid_request` */
export function appendField(headers: HeaderList, name: string, value: string): void {
  try {
    headers.append(name, value)
  } catch (cause) {
    throw invalidRequest((cause as TypeError).message, cause)
  }
}
