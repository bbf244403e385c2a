import { dropLateFields } from '../fields/late-fields.ts'
import { HeaderList } from '../message/headers.ts'
import type { FieldSection } from './field-section.ts'
import { takeField } from './message-fields.ts'
import { trailersMalformation } from './message-rules.ts'

/** Judges the section behind the content: the trailers that pass on, undefined if there are none, or the reason why they are refused. */
export function takeInTrailers(section: FieldSection, endStream: boolean): HeaderList | string | undefined {
  if (!endStream) return 'HEADERS behind the content that do not end the stream (RFC 9113 8.1)'
  if (section.tooLarge) return 'the trailer fields are too large (RFC 9113 10.5.1)'
  const malformed = trailersMalformation(section)
  if (malformed !== undefined) return malformed
  const trailers = new HeaderList()
  for (let index = 0; index < section.list.length; index++) takeField(trailers, section.list.at(index))
  dropLateFields(trailers, undefined)
  return trailers.size > 0 ? trailers : undefined
}
