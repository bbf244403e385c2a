/** A header field that is sent. */
export type Field = readonly [name: string, value: string]

/** A head as the first on a connection has it, and all later ones. */
export interface HeaderBlocks {
  first: Buffer
  later: Buffer
}

/** Indexes of the static table (RFC 7541 appendix A). */
const METHOD_GET = 0x82
const METHOD_POST = 0x83
const SCHEME_HTTP = 0x86
const STATUS_200 = 0x88
const PATH_NAME = 0x04

/** Number of the newest field of the dynamic table, which follows the static one. */
const NEWEST = 62

/**
 * The head of a request. The first on a connection puts its fields into the peer's table, and later ones refer to them, as clients do; only
 * the path is written out each time.
 */
export function requestBlocks(method: 'GET' | 'POST', path: string, fields: readonly Field[]): HeaderBlocks {
  const line = [method === 'GET' ? METHOD_GET : METHOD_POST, SCHEME_HTTP, PATH_NAME]
  const start = Buffer.concat([Buffer.from(line), text(path)])
  const indexes = fields.map((_, place) => 0x80 | (NEWEST + fields.length - 1 - place))
  return {
    first: Buffer.concat([start, ...fields.map((field) => literal(0x40, field))]),
    later: Buffer.concat([start, Buffer.from(indexes)]),
  }
}

/** The head of a response with status 200. */
export function okBlock(fields: readonly Field[]): Buffer {
  return Buffer.concat([Buffer.from([STATUS_200]), fieldBlock(fields)])
}

/** Fields alone, in no table, as trailers. */
export function fieldBlock(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.map((field) => literal(0x00, field)))
}

/** Whether a head says status 200. All proxies here take it from the static table, behind a change of the table's size if there is one. */
export function saysOk(block: Buffer, start: number): boolean {
  let at = start
  while (((block[at] ?? 0) & 0xe0) === 0x20) at = endOfNumber(block, at)
  return block[at] === STATUS_200
}

/** A number with a prefix of five bits (RFC 7541 5.1). */
function endOfNumber(block: Buffer, start: number): number {
  if (((block[start] ?? 0) & 0x1f) < 0x1f) return start + 1
  let at = start + 1
  while (((block[at] ?? 0) & 0x80) !== 0) at++
  return at + 1
}

function literal(kind: number, [name, value]: Field): Buffer {
  return Buffer.concat([Buffer.from([kind]), text(name), text(value)])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  if (bytes.length > 126) throw new RangeError(`a text of ${bytes.length} bytes has a longer length`)
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}
