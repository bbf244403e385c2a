import { HeaderList } from '@headgate/core'
import { invalidRequest } from './invalid-request.ts'
import type { HeadersInput } from './options.ts'

/** Fields that the engine makes itself, of what it knows of body and connection (RFC 9110 7.6.1, RFC 9112 section 6). */
const ENGINES_OWN: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** The fields, checked before a single octet is sent. @throws TrafficError `invalid_request` */
export function headerList(input: HeadersInput): HeaderList {
  const headers = new HeaderList()
  for (const [name, value] of pairs(input)) if (value !== undefined) append(headers, name, value)
  return headers
}

/**
 * The client's fields and the call's: those of the call take the place of fields of the same name.
 * @throws TrafficError `invalid_request`
 */
export function mergedHeaders(defaults: HeaderList, input: HeadersInput | undefined): HeaderList {
  const headers = defaults.clone()
  if (input === undefined) return headers
  for (const [name] of pairs(input)) headers.delete(name.toLowerCase())
  for (const [name, value] of pairs(input)) if (value !== undefined) append(headers, name, value)
  return headers
}

/** Names and values, whatever form they were given in. */
export function pairs(input: HeadersInput): Iterable<readonly [string, string | undefined]> {
  if (Symbol.iterator in input) return input
  return Object.entries(input)
}

function append(headers: HeaderList, name: string, value: string): void {
  if (ENGINES_OWN.has(name.toLowerCase())) {
    throw invalidRequest(`header field ${name} is made by the client itself: leave it out`)
  }
  try {
    headers.append(name, value)
  } catch (cause) {
    throw invalidRequest((cause as TypeError).message, cause)
  }
}
