import {
  allowsPart,
  type AskedRange,
  askedRanges,
  type Body,
  clientHas,
  HeaderList,
  type HttpRequest,
  HttpResponse,
  httpDate,
  isAsExpected,
  type MaybePromise,
  notModified,
  type Validated,
  WholeBody,
} from '@headgate/core'
import { FileBody, type Piece } from './file-body.ts'
import { openFound } from './find-file.ts'
import type { KnownFile } from './known-files.ts'

/** More parts than any client has a use for. */
const MOST_PARTS = 16

/** An answer, when it is there; undefined where the file has changed since it was looked at. */
export type FileAnswer = MaybePromise<HttpResponse | undefined>

/**
 * The answer to a GET or HEAD with a file: all of it, parts, that the client has it already, or that it is not what the client takes it
 * for (RFC 9110 13.2.2, 14.2).
 * @param now wall time in milliseconds
 */
export function fileAnswer(
  file: KnownFile,
  request: HttpRequest,
  now: number,
  boundary: () => string,
): FileAnswer {
  if (asksForAll(request.headers)) return wholeFile(file, request)
  const head: Validated = {
    status: 200,
    fields: [...file.fields, 'date', httpDate(now)],
    receivedAt: now,
  }
  if (!isAsExpected(request.headers, head)) return new HttpResponse(412)
  if (clientHas(request.headers, head)) return notModified(file.headers.clone())
  const asked =
    request.method === 'GET' && allowsPart(request.headers, head)
      ? askedRanges(request.headers.get('range'), file.size, MOST_PARTS)
      : undefined
  if (asked === 'unsatisfiable') return unsatisfiable(file.size)
  if (asked === undefined || overlap(asked)) return wholeFile(file, request)
  const [one] = asked
  return asked.length === 1 && one !== undefined ? onePart(file, one) : severalParts(file, asked, boundary())
}

/** With a status of its own, no condition and no part of it has a meaning. */
export async function fileAs(
  status: number,
  file: KnownFile,
  request: HttpRequest,
): Promise<HttpResponse | undefined> {
  const answer = await wholeFile(file, request)
  if (answer !== undefined) answer.status = status
  return answer
}

/** Without a condition and without Range. */
function asksForAll(headers: HeaderList): boolean {
  for (let index = 0; index < headers.size; index++) {
    const name = headers.nameAt(index)
    if (name === 'range' || name.startsWith('if-')) return false
  }
  return true
}

function wholeFile(file: KnownFile, request: HttpRequest): FileAnswer {
  const headers = file.headers.clone()
  if (request.method === 'HEAD') {
    headers.put('content-length', String(file.size))
    return new HttpResponse(200, headers)
  }
  if (file.content !== undefined) return new HttpResponse(200, headers, file.content)
  return bodyOf(file, [{ first: 0, last: file.size - 1 }]).then(
    (body) => body && new HttpResponse(200, headers, body),
  )
}

async function onePart(file: KnownFile, range: AskedRange): Promise<HttpResponse | undefined> {
  const headers = file.headers.clone()
  headers.put('content-range', contentRange(range, file.size))
  const body = await bodyOf(file, [range])
  return body && new HttpResponse(206, headers, body)
}

/** RFC 9110 14.6. */
async function severalParts(
  file: KnownFile,
  ranges: readonly AskedRange[],
  boundary: string,
): Promise<HttpResponse | undefined> {
  const headers = file.headers.clone()
  const type = headers.get('content-type') ?? ''
  const pieces = ranges.flatMap((range): Piece[] => [
    Buffer.from(
      `\r\n--${boundary}\r\ncontent-type: ${type}\r\ncontent-range: ${contentRange(range, file.size)}\r\n\r\n`,
      'latin1',
    ),
    range,
  ])
  const body = await bodyOf(file, [...pieces, Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1')])
  headers.put('content-type', `multipart/byteranges; boundary=${boundary}`)
  return body && new HttpResponse(206, headers, body)
}

async function bodyOf(file: KnownFile, pieces: readonly Piece[]): Promise<Body | undefined> {
  const { content } = file
  if (content === undefined) {
    const handle = await openFound(file)
    return handle && new FileBody(handle, pieces)
  }
  const parts = pieces.map((piece) =>
    Buffer.isBuffer(piece) ? piece : content.bytes.subarray(piece.first, piece.last + 1),
  )
  return WholeBody.fromBytes(Buffer.concat(parts))
}

function unsatisfiable(size: number): HttpResponse {
  const headers = new HeaderList()
  headers.add('content-range', `bytes */${size}`)
  return new HttpResponse(416, headers)
}

function contentRange({ first, last }: AskedRange, size: number): string {
  return `bytes ${first}-${last}/${size}`
}

/** Who asks for the same bytes more than once gets the whole (RFC 9110 17.15). */
function overlap(ranges: readonly AskedRange[]): boolean {
  const sorted = ranges.toSorted((one, other) => one.first - other.first)
  return sorted.some(({ first }, index) => first <= (sorted[index - 1]?.last ?? -1))
}
