import type { BareItem, Dictionary, InnerList, Item, List, Member, Parameters } from './structured-types.ts'

const KEY = /^[a-z*][a-z0-9_.*-]*$/
const TOKEN = /^[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*$/
const PRINTABLE = /^[ -~]*$/
const LARGEST_INTEGER = 999_999_999_999_999
const LARGEST_DECIMAL = 999_999_999_999.999

/** Writes an Item (RFC 9651 4.1.3). @throws TypeError for what cannot be written */
export function serializeItem(item: Item): string {
  return writeBare(item.bare) + writeParameters(item.parameters)
}

/** Writes a List (RFC 9651 4.1.1); an empty one is no field at all. @throws TypeError for what cannot be written */
export function serializeList(list: List): string {
  return list.map(writeMember).join(', ')
}

/** Writes a Dictionary (RFC 9651 4.1.2); an empty one is no field at all. @throws TypeError for what cannot be written */
export function serializeDictionary(dictionary: Dictionary): string {
  const members: string[] = []
  for (const [key, member] of dictionary) {
    const isTrue = 'bare' in member && member.bare.type === 'boolean' && member.bare.value
    members.push(writeKey(key) + (isTrue ? writeParameters(member.parameters) : `=${writeMember(member)}`))
  }
  return members.join(', ')
}

function writeMember(member: Member): string {
  return 'bare' in member ? serializeItem(member) : writeInnerList(member)
}

function writeInnerList({ items, parameters }: InnerList): string {
  return `(${items.map(serializeItem).join(' ')})${writeParameters(parameters)}`
}

function writeParameters(parameters: Parameters): string {
  let text = ''
  for (const [key, value] of parameters) {
    const isTrue = value.type === 'boolean' && value.value
    text += `;${writeKey(key)}${isTrue ? '' : `=${writeBare(value)}`}`
  }
  return text
}

function writeKey(key: string): string {
  if (!KEY.test(key)) throw new TypeError(`${JSON.stringify(key)} is not a key: use a-z, 0-9 and _-.*`)
  return key
}

function writeBare(item: BareItem): string {
  switch (item.type) {
    case 'integer':
      return writeInteger(item.value)
    case 'decimal':
      return writeDecimal(item.value)
    case 'string':
      if (!PRINTABLE.test(item.value)) throw unwritable('string', 'use printable ASCII, or a display string')
      return `"${item.value.replaceAll(/["\\]/g, String.raw`\$&`)}"`
    case 'token':
      if (!TOKEN.test(item.value)) throw unwritable('token', 'begin with a letter or *, no spaces or quotes')
      return item.value
    case 'bytes':
      return `:${Buffer.from(item.value).toString('base64')}:`
    case 'boolean':
      return item.value ? '?1' : '?0'
    case 'date':
      return `@${writeInteger(item.value)}`
    case 'display':
      return writeDisplay(item.value)
  }
}

function writeInteger(value: number): string {
  if (!Number.isInteger(value) || Math.abs(value) > LARGEST_INTEGER)
    throw unwritable(`integer ${value}`, 'use a whole number of at most 15 digits')
  // There is no negative zero.
  return String(value === 0 ? 0 : value)
}

/** At most three digits behind the point, ties to the even one (RFC 9651 4.1.5). */
function writeDecimal(value: number): string {
  const scaled = value * 1000
  const floor = Math.floor(scaled)
  const rest = scaled - floor
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0)
  const rounded = (up ? floor + 1 : floor) / 1000
  if (!(Math.abs(rounded) <= LARGEST_DECIMAL))
    throw unwritable(`decimal ${value}`, 'use a number of at most 12 digits before the point')
  const text = rounded.toFixed(3).replace(/0{1,2}$/, '')
  return text.replace(/^-(?=0\.0$)/, '')
}

function writeDisplay(value: string): string {
  if (!value.isWellFormed()) throw unwritable('display string', 'it holds half of a surrogate pair')
  let text = ''
  for (const byte of Buffer.from(value)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25 && byte !== 0x22
    text += plain ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`
  }
  return `%"${text}"`
}

/** The value may be a secret: it is not told. */
function unwritable(what: string, advice: string): TypeError {
  return new TypeError(`this ${what} cannot be written as a structured field: ${advice}`)
}
