import type { Exchange } from '../../message/exchange.ts'
import type { HttpResponse } from '../../message/response.ts'
import type { FetchTimes } from './ask-origin.ts'
import type { CacheContext } from './cache-context.ts'
import type { Taken } from './fetched.ts'
import { whenHere } from './maybe-promise.ts'
import { isSamePlace } from './same-place.ts'
import { storable, type Storing } from './storable.ts'
import type { CacheKey, EntryWriter, StoredEntry, StoredHead } from './store.ts'
import { storedHead } from './stored-head.ts'
import { type Kept, putWhole, StoringBody } from './storing-body.ts'
import { confirms } from './validators.ts'
import { variantOf } from './vary.ts'

/**
 * Stores a response while it passes, if it may be.
 * @param entries what is there under the key
 * @param settled told whether it is stored, once that is clear
 */
export function takeResponse(
  context: CacheContext,
  exchange: Exchange,
  response: HttpResponse,
  key: CacheKey,
  times: FetchTimes,
  entries: readonly StoredEntry[],
  settled: (kept: Kept) => void = ignore,
): Taken {
  if (response.tunnel !== undefined) return { ...NOT_TAKEN, reason: 'status' }
  const { request } = exchange
  const storing = storable(request, response, times, context.rules)
  if (typeof storing === 'string') return { ...NOT_TAKEN, reason: storing }
  // A head that nobody keeps is not made.
  if (!context.admits(key)) return unkept(storing, variantOf(storing.selecting, request.headers))
  const labels = { ...context.labels, target: context.targetOf(exchange) }
  const head = storedHead(request, response, times, storing, labels)
  const writer = begin(context, key, head, response, times.since)
  if (writer === undefined) return unkept(storing, head.variant)
  const { whole } = response.body
  const superseded =
    entries.length === 0 ? entries : entries.filter((each) => supersedes(head, response, each))
  const ended = (kept: Kept): void => {
    if (kept === 'stored') for (const entry of superseded) context.remove(key, entry)
    settled(kept)
  }
  if (whole === undefined) response.body = new StoringBody(response.body, writer, ended)
  else
    whenHere(
      context.asked(() => putWhole(writer, whole), false),
      (stored) => ended(stored === true ? 'stored' : 'unkept'),
    )
  if (entries.length > 0) boundVariants(context, key, head, entries)
  return { terms: head, head, reason: undefined, omitted: storing.omitted }
}

const NOT_TAKEN = { terms: undefined, head: undefined, omitted: [] } as const

/** It may be stored, and the store does not take it. */
function unkept({ selecting, lifetime, initialAge, omitted }: Storing, variant: string): Taken {
  return { terms: { selecting, variant, lifetime, initialAge }, head: undefined, reason: 'store', omitted }
}

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

/**
 * Whether what came takes the place of what is stored in another: a whole response that of parts, a part that of others within it, and
 * of all that it shows to be of another representation.
 */
function supersedes(
  head: StoredHead,
  { headers }: HttpResponse,
  { head: other, length }: StoredEntry,
): boolean {
  if (other.variant !== head.variant || isSamePlace(head, other)) return false
  const [range, within] = [head.range, other.range]
  if (range === undefined) return within !== undefined
  if (range.complete !== (within?.complete ?? length) || !confirms(headers, other)) return true
  return within !== undefined && within.first >= range.first && within.last <= range.last
}

/** A field that takes any value, in Vary, and ranges must not fill a store with the variants and parts of one key: the oldest go. */
function boundVariants(
  context: CacheContext,
  key: CacheKey,
  head: StoredHead,
  entries: readonly StoredEntry[],
): void {
  const others = entries.filter((entry) => !isSamePlace(entry.head, head))
  const parts = others.filter((entry) => entry.head.range !== undefined)
  const whole = others.filter((entry) => entry.head.range === undefined)
  const [mostParts, mostWhole] =
    head.range === undefined
      ? [context.maxParts, context.maxVariants - 1]
      : [context.maxParts - 1, context.maxVariants]
  for (const entry of [...parts.slice(mostParts), ...whole.slice(mostWhole)]) context.remove(key, entry)
}

function ignore(): void {}
