import type { HttpRequest } from '../../message/request.ts'
import type { HttpResponse } from '../../message/response.ts'
import type { FetchTimes } from './ask-origin.ts'
import type { CacheContext } from './cache-context.ts'
import type { Taken } from './fetched.ts'
import { whenHere } from './maybe-promise.ts'
import { storable } from './storable.ts'
import type { CacheKey, EntryWriter, StoredEntry, StoredHead } from './store.ts'
import { storedHead } from './stored-head.ts'
import { type Kept, putWhole, StoringBody } from './storing-body.ts'

/**
 * Stores a response while it passes, if it may be.
 * @param entries what is there under the key
 * @param settled told whether it is stored, once that is clear
 */
export function takeResponse(
  context: CacheContext,
  request: HttpRequest,
  response: HttpResponse,
  key: CacheKey,
  times: FetchTimes,
  entries: readonly StoredEntry[],
  settled: (kept: Kept) => void = ignore,
): Taken {
  if (response.tunnel !== undefined) return { ...NOT_TAKEN, reason: 'status' }
  const storing = storable(request, response, times, context.rules)
  if (typeof storing === 'string') return { ...NOT_TAKEN, reason: storing }
  const head = storedHead(request, response, times, storing, context.labels)
  const writer = begin(context, key, head, response, times.since)
  if (writer === undefined) return { head, reason: 'store', omitted: storing.omitted, stored: false }
  const { whole } = response.body
  if (whole === undefined) response.body = new StoringBody(response.body, writer, settled)
  else
    whenHere(
      context.asked(() => putWhole(writer, whole), false),
      (stored) => settled(stored === true ? 'stored' : 'unkept'),
    )
  boundVariants(context, key, head, entries)
  return { head, reason: undefined, omitted: storing.omitted, stored: true }
}

const NOT_TAKEN = { head: undefined, omitted: [], stored: false } as const

function begin(
  context: CacheContext,
  key: CacheKey,
  head: StoredHead,
  { body }: HttpResponse,
  since: number,
): EntryWriter | undefined {
  const { range } = head
  const expected = range === undefined ? undefined : range.last - range.first + 1
  // A part of another length than it says is none.
  if (expected !== undefined && body.length !== undefined && body.length !== expected) return undefined
  return context.asked(() => context.store.begin(key, head, expected ?? body.length, since), undefined) as
    | EntryWriter
    | undefined // begin returns no promise
}

/** A field that takes any value, in Vary, must not fill a store with the variants of one key: the oldest goes. */
function boundVariants(
  context: CacheContext,
  key: CacheKey,
  head: StoredHead,
  entries: readonly StoredEntry[],
): void {
  const others = entries.filter(
    (entry) => entry.head.variant !== head.variant || entry.head.range !== undefined,
  )
  for (const entry of others.slice(context.maxVariants - 1))
    void context.asked(() => context.store.remove(key, entry), false)
}

function ignore(): void {}
