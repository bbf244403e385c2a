import { EMPTY_BODY } from '../../message/body.ts'
import type { HeaderList } from '../../message/headers.ts'
import type { HttpRequest } from '../../message/request.ts'
import { HttpResponse } from '../../message/response.ts'
import { allowsPart, clientHas, isConditional } from './conditional.ts'
import { askedRange } from '../../fields/byte-ranges.ts'
import type { StoredEntry, StoredHead } from './store.ts'
import { listOf } from './stored-head.ts'

/**
 * The answer to a request from a stored response: all of it, a part, or that the client has it already.
 * @param head of the entry, or a newer one
 * @param age in milliseconds
 */
export function storedAnswer(
  entry: StoredEntry,
  head: StoredHead,
  request: HttpRequest,
  age: number,
): HttpResponse {
  const headers = listOf(head.fields)
  headers.add('age', String(Math.floor(age / 1000)))
  if (isConditional(request.headers) && clientHas(request.headers, head)) return notModified(headers)
  if (request.method === 'HEAD') {
    if (!headers.has('content-length') && head.status !== 204)
      headers.add('content-length', String(entry.length))
    return new HttpResponse(head.status, headers, EMPTY_BODY)
  }
  if (request.headers.has('range')) {
    const part = partOf(entry, head, request, headers)
    if (part !== undefined) return part
  }
  return new HttpResponse(head.status, headers, entry.open())
}

/** What the client has it can keep: fields about the content are left out but those that it goes by (RFC 9110 15.4.5). */
export function notModified(headers: HeaderList): HttpResponse {
  const tagged = headers.has('etag')
  headers.retain((name, hasTag) => !isAboutContent(name) && !(hasTag && name === 'last-modified'), tagged)
  return new HttpResponse(304, headers, EMPTY_BODY)
}

function isAboutContent(name: string): boolean {
  return name.startsWith('content-') && name !== 'content-location' && name !== 'content-security-policy'
}

/** Whether a part of what is kept answers the request; the kept part need not be the whole. */
export function coversRange(head: StoredHead, length: number, request: HttpRequest): boolean {
  const { range } = head
  if (range === undefined) return true
  if (request.method !== 'GET' || !allowsPart(request.headers, head)) return false
  const asked = askedRange(request.headers.get('range'), range.complete)
  return typeof asked === 'object' && asked.first >= range.first && asked.last <= range.last && length > 0
}

function partOf(
  entry: StoredEntry,
  head: StoredHead,
  request: HttpRequest,
  headers: HeaderList,
): HttpResponse | undefined {
  // Range means nothing to other methods, nor to what is no success (RFC 9110 14.2).
  if (request.method !== 'GET' || (head.status !== 200 && head.range === undefined)) return undefined
  if (!allowsPart(request.headers, head)) return undefined
  const complete = head.range?.complete ?? entry.length
  const asked = askedRange(request.headers.get('range'), complete)
  if (asked === undefined) return undefined
  if (asked === 'unsatisfiable') {
    headers.retain((name) => !isAboutContent(name))
    headers.put('content-range', `bytes */${complete}`)
    return new HttpResponse(416, headers, EMPTY_BODY)
  }
  const offset = head.range?.first ?? 0
  headers.put('content-range', `bytes ${asked.first}-${asked.last}/${complete}`)
  headers.put('content-length', String(asked.last - asked.first + 1))
  return new HttpResponse(206, headers, entry.open(asked.first - offset, asked.last - offset))
}
