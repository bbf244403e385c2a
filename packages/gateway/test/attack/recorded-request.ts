/** A request as an origin got it. */
export interface RecordedRequest {
  readonly method: string
  readonly target: string
  readonly version: string
  /** Names as they were sent. */
  readonly fields: readonly RecordedField[]
  /** With the chunks' framing taken off. */
  readonly body: string
  readonly trailers: readonly RecordedField[]
  /** All of it, as sent. */
  readonly bytes: string
}

export interface RecordedField {
  readonly name: string
  readonly value: string
}

/**
 * Reads requests one behind the other, as plainly as an origin may: what a gateway sends on must be so canonical that this
 * reader suffices. `rest` is what is no whole request yet, or none at all.
 */
export function readRequests(bytes: string): { requests: RecordedRequest[]; rest: string } {
  const requests: RecordedRequest[] = []
  let rest = bytes
  for (;;) {
    const request = readRequest(rest)
    if (request === undefined) return { requests, rest }
    requests.push(request)
    rest = rest.slice(request.bytes.length)
  }
}

/** The values of a field, in order; the name in any case. */
export function valuesOf({ fields }: Pick<RecordedRequest, 'fields'>, name: string): string[] {
  return fields.filter((field) => field.name.toLowerCase() === name).map(({ value }) => value)
}

/** Nothing but what is beyond doubt: one blank, no byte that some parser takes for the end of a line or of a field. */
const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) (HTTP\/1\.1)$/
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\t\x20-\x7e\x80-\xff]*)$/

function readRequest(bytes: string): RecordedRequest | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [first = '', ...lines] = bytes.slice(0, headEnd).split('\r\n')
  const [, method, target, version] = REQUEST_LINE.exec(first) ?? []
  const fields = readFields(lines)
  if (method === undefined || target === undefined || version === undefined || fields === undefined)
    return undefined
  const start = headEnd + 4
  const framing = ['content-length', 'transfer-encoding'].flatMap((name) => valuesOf({ fields }, name))
  if (framing.length > 1) return undefined
  const body = readBody(bytes, start, framing[0] ?? '0')
  if (body === undefined) return undefined
  const { content, trailers, end } = body
  return { method, target, version, fields, body: content, trailers, bytes: bytes.slice(0, end) }
}

function readFields(lines: readonly string[]): RecordedField[] | undefined {
  const fields = lines.map((line) => {
    const [, name = '', value = ''] = FIELD_LINE.exec(line) ?? []
    return { name, value }
  })
  return fields.some(({ name }) => name === '') ? undefined : fields
}

interface RecordedBody {
  readonly content: string
  readonly trailers: readonly RecordedField[]
  readonly end: number
}

function readBody(bytes: string, start: number, framing: string): RecordedBody | undefined {
  if (framing === 'chunked') return readChunks(bytes, start)
  if (!/^\d+$/.test(framing)) return undefined
  const end = start + Number(framing)
  return bytes.length < end ? undefined : { content: bytes.slice(start, end), trailers: [], end }
}

function readChunks(bytes: string, start: number): RecordedBody | undefined {
  let content = ''
  let at = start
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    const [line] = /^[0-9a-f]+$/i.exec(bytes.slice(at, Math.max(at, lineEnd))) ?? []
    if (line === undefined) return undefined
    const size = Number.parseInt(line, 16)
    at = lineEnd + 2
    if (size === 0) return readTrailers(bytes, at, content)
    if (bytes.slice(at + size, at + size + 2) !== '\r\n') return undefined
    content += bytes.slice(at, at + size)
    at += size + 2
  }
}

function readTrailers(bytes: string, start: number, content: string): RecordedBody | undefined {
  if (bytes.startsWith('\r\n', start)) return { content, trailers: [], end: start + 2 }
  const end = bytes.indexOf('\r\n\r\n', start)
  const trailers = end < 0 ? undefined : readFields(bytes.slice(start, end).split('\r\n'))
  return trailers === undefined ? undefined : { content, trailers, end: end + 4 }
}
