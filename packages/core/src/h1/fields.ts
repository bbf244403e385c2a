import { HeaderList } from '../message/headers.ts'
import { FIELD_VALUE, isBlank, TOKEN_LOWER } from '../message/tokens.ts'
import { type MalformedCode, WireFault } from './fault.ts'
import { HASH_START, hashStep, sharedName } from './field-names.ts'

const LF = 0x0a
const CR = 0x0d
const COLON = 0x3a

/**
 * Parses field lines (RFC 9112 section 5), each ended by CRLF, from `start` up to `end`. Strict: no white space before the
 * colon, no obs-fold, no bare CR or LF, no control characters.
 * @param text what `bytes` holds, one character each: values are cut out of it, as cutting text costs a tenth of turning
 * bytes into text; bytes are what is looked at, as they are quicker to look at
 */
export function parseFields(
  text: string,
  bytes: Uint8Array,
  start: number,
  end: number,
  maxFields: number,
  malformed: MalformedCode,
): HeaderList | WireFault {
  const headers = new HeaderList()
  let position = start
  while (position < end) {
    let cursor = position
    let hash = HASH_START
    let byte = bytes[cursor] as number // `end` is within the bytes, here and below
    while (byte !== COLON) {
      const lower = TOKEN_LOWER[byte] as number // the table covers every byte
      if (lower === 0 || cursor >= end) return nameFault(text, position, cursor, malformed)
      hash = hashStep(hash, lower)
      byte = bytes[++cursor] as number
    }
    if (cursor === position) return new WireFault(malformed, 'a field line has no name (RFC 9112 5.1)')
    const name = sharedName(text, bytes, position, cursor, hash)

    do byte = bytes[++cursor] as number
    while (isBlank(byte))
    const valueStart = cursor
    while (FIELD_VALUE[byte] === 1) byte = bytes[++cursor] as number
    if (byte !== CR || bytes[cursor + 1] !== LF) {
      return new WireFault(malformed, `the value of ${name} holds byte 0x${byte.toString(16)} (RFC 9110 5.5)`)
    }
    position = cursor + 2
    while (cursor > valueStart && isBlank(bytes[cursor - 1] as number)) cursor--

    if (headers.size >= maxFields) return tooMany(maxFields, malformed)
    headers.add(name, text.slice(valueStart, cursor))
  }
  return headers
}

function tooMany(maxFields: number, malformed: MalformedCode): WireFault {
  const code = malformed === 'malformed_request' ? 'request_head_too_large' : 'response_head_too_large'
  return new WireFault(code, `more than ${maxFields} header fields`)
}

function nameFault(text: string, start: number, at: number, malformed: MalformedCode): WireFault {
  const code = text.charCodeAt(at)
  if (at === start && isBlank(code)) {
    return new WireFault(malformed, 'a field line is folded, which is obsolete (RFC 9112 5.2)')
  }
  if (isBlank(code)) return new WireFault(malformed, 'white space stands in a field name (RFC 9112 5.1)')
  return new WireFault(malformed, `a field name holds byte 0x${code.toString(16)} (RFC 9110 5.6.2)`)
}
