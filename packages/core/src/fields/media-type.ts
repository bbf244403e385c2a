import { trimBlanks } from '../message/tokens.ts'

/** The type of a Content-Type (RFC 9110 8.3.1), in lower case and without parameters. */
export function mediaType(contentType: string): string {
  const semicolon = contentType.indexOf(';')
  return trimBlanks(semicolon < 0 ? contentType : contentType.slice(0, semicolon)).toLowerCase()
}
