/**
 * Field values are bytes, kept as text of one character each. Where people write or read them (configuration, logs, what is
 * shown), they are text in UTF-8, as everything else there (RFC 9110 5.5 leaves the encoding of what is beyond ASCII open).
 */

const BEYOND_ASCII = /[\u0080-\u00ff]/
/** A character in UTF-8 (RFC 3629 section 4), or a byte that belongs to none. */
const PIECE =
  /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]/g

/** A field value as text; a byte that is no UTF-8 is shown as `\xff`. */
export function fieldText(value: string): string {
  if (!BEYOND_ASCII.test(value)) return value
  return value.replace(PIECE, (piece) =>
    piece.length === 1
      ? `\\x${piece.charCodeAt(0).toString(16)}`
      : Buffer.from(piece, 'latin1').toString('utf8'),
  )
}

/** A field value as text to be compared: a byte that is no UTF-8 is U+FFFD, so that it equals nothing that one writes. */
export function comparedText(value: string): string {
  return BEYOND_ASCII.test(value) ? Buffer.from(value, 'latin1').toString('utf8') : value
}

/** Text as a field value. */
export function fieldValue(text: string): string {
  return /^[\0-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}
