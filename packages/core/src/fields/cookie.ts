/**
 * The value of the first cookie of that name in a Cookie field (RFC 6265 4.2.1, 5.4): without the quotes that may stand around
 * it. Undefined if there is none. It looks for the name in the text, so that a request with many cookies costs no list of them.
 */
export function cookieValue(field: string | undefined, name: string): string | undefined {
  if (field === undefined) return undefined
  for (let at = field.indexOf(name); at >= 0; at = field.indexOf(name, at + 1)) {
    const equals = at + name.length
    if (field.charCodeAt(equals) !== EQUALS || !startsPair(field, at)) continue
    let end = field.indexOf(';', equals)
    if (end < 0) end = field.length
    const value = field.slice(equals + 1, end).trim()
    return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
  }
  return undefined
}

const EQUALS = 0x3d
const SEMICOLON = 0x3b
const COMMA = 0x2c
const SPACE = 0x20
const TAB = 0x09

/** A name that is the end of another one, or stands within a value, is not it. Several Cookie lines were joined by commas. */
function startsPair(field: string, at: number): boolean {
  let before = at - 1
  while (before >= 0 && (field.charCodeAt(before) === SPACE || field.charCodeAt(before) === TAB)) before--
  if (before < 0) return true
  const code = field.charCodeAt(before)
  return code === SEMICOLON || code === COMMA
}
