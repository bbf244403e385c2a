/**
 * The characters of HTTP, as tables: which byte may stand where (RFC 9110 5.5, 5.6.2; RFC 3986 3).
 */

/** For a `tchar`, its lower-case byte; 0 for every other byte (RFC 9110 5.6.2). */
export const TOKEN_LOWER: Uint8Array = new Uint8Array(256)
/** 1 for a byte that a field value may hold: HTAB, SP, VCHAR, obs-text (RFC 9110 5.5). */
export const FIELD_VALUE: Uint8Array = new Uint8Array(256)

for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
  TOKEN_LOWER[char.charCodeAt(0)] = char.charCodeAt(0)
}
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ') TOKEN_LOWER[char.charCodeAt(0)] = char.charCodeAt(0) + 32
for (let byte = 0; byte < 256; byte++) FIELD_VALUE[byte] = byte === 9 || (byte >= 32 && byte !== 127) ? 1 : 0

/** token = 1*tchar, for methods as well (RFC 9110 9.1). */
export function isToken(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code > 255 || TOKEN_LOWER[code] === 0) return false
  }
  return text.length > 0
}

/** Whether each character may stand in a field value and fits one byte. */
export function isFieldValue(value: string): boolean {
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index)
    if (code > 255 || FIELD_VALUE[code] === 0) return false
  }
  return true
}

/** A list's member without the white space around it, which is SP and HTAB and nothing else (RFC 9110 5.6.3): `trim` takes 0xa0, too. */
export function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

/** The members of a list without quoted strings, in their order; empty ones are left out, as each recipient must (RFC 9110 5.6.1.2). */
export function listMembers(list: string): string[] {
  const members: string[] = []
  // Not split: a list of commas would become as many texts.
  for (let start = skipEmpty(list, 0); start < list.length; ) {
    const comma = list.indexOf(',', start)
    const end = comma < 0 ? list.length : comma
    members.push(trimBlanks(list.slice(start, end)))
    start = skipEmpty(list, end)
  }
  return members
}

/** Where the next member of a list begins that is not empty; the list's end if there is none. */
function skipEmpty(list: string, start: number): number {
  let at = start
  for (let code = list.charCodeAt(at); code === COMMA || isBlank(code); ) code = list.charCodeAt(++at)
  return at
}

const COMMA = 0x2c

/** SP or HTAB: all the white space that HTTP has within a line (RFC 9110 5.6.3). */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** A Content-Length: 1*DIGIT (RFC 9110 8.6), and small enough to count exactly. */
export function isLength(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < 0x30 || code > 0x39) return false
  }
  // 15 digits are below 2^53 whatever they are.
  if (text.length === 0 || text.length > 16) return false
  return text.length < 16 || Number(text) <= Number.MAX_SAFE_INTEGER
}
