import { parseContentRange } from '../../fields/content-range.ts'
import { httpDate } from '../../fields/http-date.ts'
import { HeaderList } from '../../message/headers.ts'
import { formatUrl, type UrlParts } from '../../message/reference.ts'
import type { HttpRequest } from '../../message/request.ts'
import { groupsOf } from './invalidate.ts'
import type { ResponseTimes } from './freshness.ts'
import { type NotStored, type ReceivedResponse, storable, type Storing } from './storable.ts'
import type { CacheRules } from './cache-rules.ts'
import type { StoredHead, StoredRange } from './store.ts'
import { storedFields } from './stored-fields.ts'
import { tagsOf } from './tags.ts'
import { updatedFields } from './validators.ts'
import { variantOf } from './vary.ts'

/** What a head is told beside what the response says. */
export interface HeadLabels {
  /** By which URL it is known. */
  readonly target: UrlParts
  readonly route: string
  /** Of the configuration. */
  readonly tags: readonly string[]
}

/** The head of a response that is to be stored. */
export function storedHead(
  request: HttpRequest,
  { status, headers }: ReceivedResponse,
  times: ResponseTimes,
  storing: Storing,
  labels: HeadLabels,
): StoredHead {
  const { omitted, ...stated } = storing
  const fields = storedFields(headers, omitted)
  // Who has a clock adds it (RFC 9110 6.6.1); later it would be another one.
  if (!headers.has('date')) fields.push('date', httpDate(times.receivedAt))
  const { target } = labels
  return {
    ...stated,
    status,
    fields,
    requestedAt: times.requestedAt,
    receivedAt: times.receivedAt,
    variant: variantOf(storing.selecting, request.headers),
    range: status === 206 ? rangeOf(headers.get('content-range')) : undefined,
    url: formatUrl(target),
    route: labels.route,
    tags: tagsOf(headers, labels.tags),
    groups: groupsOf(target, headers.get('cache-groups')),
    staleSince: undefined,
  }
}

function rangeOf(field: string | undefined): StoredRange | undefined {
  const range = parseContentRange(field)
  if (range?.total === undefined) return undefined
  return { first: range.first, last: range.last, complete: range.total }
}

/**
 * A stored head that the origin has confirmed, with the new fields and the lifetime that follows from all of them (RFC 9111
 * 4.3.4); else why it is not to be stored any more.
 * @param headers those of the 304, or of the response to HEAD
 */
export function confirmedHead(
  head: StoredHead,
  request: HttpRequest,
  headers: HeaderList,
  times: ResponseTimes,
  rules: CacheRules,
): StoredHead | NotStored {
  const fresh = storedFields(headers)
  if (!headers.has('date')) fresh.push('date', httpDate(times.receivedAt))
  const merged = listOf(updatedFields(head.fields, fresh))
  const age = headers.get('age')
  if (age !== undefined) merged.add('age', age)
  const asked = { method: request.method === 'HEAD' ? 'GET' : request.method, headers: request.headers }
  const storing = storable(asked, { status: head.status, headers: merged }, times, rules)
  if (typeof storing === 'string') return storing
  const { omitted, ...stated } = storing
  return {
    ...head,
    ...stated,
    fields: storedFields(merged, omitted),
    requestedAt: times.requestedAt,
    receivedAt: times.receivedAt,
    variant: variantOf(storing.selecting, request.headers),
    staleSince: undefined,
  }
}

/** Stored fields as the fields of a message. */
export function listOf(fields: readonly string[]): HeaderList {
  const headers = new HeaderList()
  for (let index = 0; index < fields.length; index += 2)
    headers.add(fields[index] as string, fields[index + 1] as string) // pairs
  return headers
}
