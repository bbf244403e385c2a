import { HeaderList } from '../message/headers.ts'
import type { HeadLimits } from '../message/head-limits.ts'
import { hasNoContent, HttpResponse, statusAt } from '../message/response.ts'
import type { UpstreamErrorCode } from '../message/upstream-error.ts'
import type { FieldSection } from './field-section.ts'
import { takeField } from './message-fields.ts'
import { responseMalformation } from './message-rules.ts'

/** Why a section is refused. */
export interface Refusal {
  readonly code: UpstreamErrorCode
  readonly reason: string
}

/** A response's head that was accepted at the door, and what its stream must know of it. */
export interface ResponseHead {
  /** Its body is still to be set. */
  readonly response: HttpResponse
  /** How much content is to come: 0 where there is none by rule, undefined where nothing tells. */
  readonly length: number | undefined
}

/** Judges the head of a response to `method`, a 1xx or the final one: what it is, or why it is refused. */
export function takeInResponse(
  section: FieldSection,
  method: string,
  endStream: boolean,
  limits: HeadLimits,
): ResponseHead | Refusal {
  if (section.tooLarge) {
    const reason = `the response's fields are larger than ${limits.head} bytes, or too many (RFC 9113 10.5.1)`
    return { code: 'response_head_too_large', reason }
  }
  const malformed = responseMalformation(section, limits.status)
  if (malformed !== undefined) return refused(malformed)
  const status = statusAt(section.status?.value ?? '', 0, limits.status) ?? 0 // it was looked at right before
  if (status < 200 && endStream)
    return refused(`a ${status} response ends the stream: the final one is missing (RFC 9113 8.1)`)
  const response = new HttpResponse(status, headersOf(section))
  response.version = '2'
  return { response, length: hasNoContent(method, status) ? 0 : section.contentLength }
}

/** By the rules of HTTP/2. */
export function refused(reason: string): Refusal {
  return { code: 'malformed_response', reason }
}

function headersOf({ list }: FieldSection): HeaderList {
  const headers = new HeaderList()
  for (let index = 0; index < list.length; index++) takeField(headers, list.at(index))
  return headers
}
