import type { FieldScanner } from './scanner.ts'
import type { BareItem } from './structured-types.ts'

const NUMBER = /-?\d+(?:\.\d+)?/y
const TOKEN = /[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*/y
const STRING = /(?:[ !#-[\]-~]|\\["\\])*"/y
const BYTES = /[A-Za-z0-9+/]*={0,2}:/y
/** Percent, and what is not ASCII, stand as escapes of UTF-8 bytes in lower case. */
const DISPLAY = /(?:[ !#$&-~]|%[0-9a-f]{2})*"/y

/** A bare item (RFC 9651 4.2.3.1): its first character says of which type it is. */
export function readBareItem(reader: FieldScanner): BareItem | undefined {
  const first = reader.text[reader.at] ?? ''
  if (first === '-' || (first >= '0' && first <= '9')) return readNumber(reader)
  if (/[A-Za-z*]/.test(first)) return tagged('token', reader.match(TOKEN))
  reader.at++
  if (first === '"') return readString(reader)
  if (first === ':') return readBytes(reader)
  if (first === '?') return readBoolean(reader)
  if (first === '@') return readDate(reader)
  if (first === '%' && reader.take('"')) return readDisplay(reader)
  return undefined
}

function tagged(type: 'token' | 'string' | 'display', value: string | undefined): BareItem | undefined {
  return value === undefined ? undefined : { type, value }
}

function readNumber(reader: FieldScanner): BareItem | undefined {
  const text = reader.match(NUMBER)
  // A point that no digit follows belongs to nothing.
  if (text === undefined || reader.text[reader.at] === '.') return undefined
  const [whole = '', fraction] = text.replace('-', '').split('.')
  // Without 0 there would be a negative zero, which cannot be written.
  if (fraction === undefined) {
    return whole.length > 15 ? undefined : { type: 'integer', value: Number(text) + 0 }
  }
  return whole.length > 12 || fraction.length > 3 ? undefined : { type: 'decimal', value: Number(text) + 0 }
}

function readString(reader: FieldScanner): BareItem | undefined {
  const text = reader.match(STRING)
  return tagged('string', text?.slice(0, -1).replaceAll(/\\(.)/g, '$1'))
}

/** Padding may be left out (RFC 9651 4.2.7), but not be wrong. */
function readBytes(reader: FieldScanner): BareItem | undefined {
  const text = reader.match(BYTES)?.slice(0, -1)
  if (text === undefined) return undefined
  const digits = text.replace(/=+$/, '')
  if (digits.length % 4 === 1 || (digits !== text && text.length % 4 !== 0)) return undefined
  return { type: 'bytes', value: new Uint8Array(Buffer.from(digits, 'base64')) }
}

function readBoolean(reader: FieldScanner): BareItem | undefined {
  if (reader.take('1')) return { type: 'boolean', value: true }
  return reader.take('0') ? { type: 'boolean', value: false } : undefined
}

function readDate(reader: FieldScanner): BareItem | undefined {
  const number = readNumber(reader)
  return number?.type === 'integer' ? { type: 'date', value: number.value } : undefined
}

function readDisplay(reader: FieldScanner): BareItem | undefined {
  const text = reader.match(DISPLAY)
  if (text === undefined) return undefined
  try {
    // Refuses what is no UTF-8, as the RFC wants it to.
    return tagged('display', decodeURIComponent(text.slice(0, -1)))
  } catch {
    return undefined
  }
}
