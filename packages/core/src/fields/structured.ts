import { type Parsed, StructuredReader } from './structured-reader.ts'
import type { BareItem, Dictionary, Item, List } from './structured-types.ts'

/** Reads a field that is an Item (RFC 9651 4.2.3); undefined if it is malformed: such a field is as good as none. */
export function parseItem(value: string): Item | undefined {
  return whole(value, (reader) => reader.item())
}

/** Reads a field that is a List (RFC 9651 4.2.1), its lines joined by commas; undefined if it is malformed. */
export function parseList(value: string): List | undefined {
  return whole(value, (reader) => reader.list())
}

/** Reads a field that is a Dictionary (RFC 9651 4.2.2), its lines joined by commas; undefined if it is malformed. */
export function parseDictionary(value: string): Dictionary | undefined {
  return whole(value, (reader) => reader.dictionary())
}

/** The number that an item is; undefined for any other item. */
export function numberOf(item: BareItem | undefined): number | undefined {
  return item?.type === 'integer' || item?.type === 'decimal' ? item.value : undefined
}

function whole<Value>(value: string, read: (reader: StructuredReader) => Parsed<Value>): Value | undefined {
  const reader = new StructuredReader(value)
  reader.skipSpaces()
  const parsed = read(reader)
  reader.skipSpaces()
  return parsed !== undefined && reader.done ? parsed : undefined
}
