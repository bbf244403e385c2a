import type { Body } from '../../message/body.ts'
import type { HttpRequest } from '../../message/request.ts'
import { JoinedBody } from './joined-body.ts'
import { coversRange } from './stored-answer.ts'
import type { StoredEntry, StoredHead, StoredRange } from './store.ts'
import { sameStrong, storedTag, updatedFields } from './validators.ts'

/** A stored part of a representation. */
interface Part extends StoredEntry {
  readonly head: StoredHead & { readonly range: StoredRange }
}

/**
 * Of what is stored for a request, what can answer it, the newest first: something whole, a part that has what is asked for, or
 * several parts together.
 */
export function entryFor(matched: readonly StoredEntry[], request: HttpRequest): StoredEntry | undefined {
  const tried = new Set<StoredEntry>()
  for (const entry of matched) {
    if (tried.has(entry)) continue
    const joined = isPart(entry) ? joinedAround(entry, matched) : entry
    if (coversRange(joined.head, joined.length, request)) return joined
    for (const part of partsOf(joined)) tried.add(part)
  }
  return undefined
}

/** The entries of the store that an entry is made of: one, unless it is of several parts. */
export function partsOf(entry: StoredEntry): readonly StoredEntry[] {
  return entry instanceof JoinedParts ? entry.parts : [entry]
}

/** The entry of the store that says what holds for all of it: the one that came or was confirmed last. */
export function newestOf(entry: StoredEntry): StoredEntry {
  return entry instanceof JoinedParts ? entry.newest : entry
}

/** A head for all of an entry, as that of one part of it. */
export function headOfPart(head: StoredHead, part: StoredEntry): StoredHead {
  const { status, range } = part.head
  return {
    ...head,
    status,
    range,
    fields: range === undefined ? head.fields : fieldsOf(head.fields, range, false),
  }
}

function isPart(entry: StoredEntry): entry is Part {
  return entry.head.range !== undefined
}

/**
 * A part with those that lie beside it without a gap. Only a strong validator says that they are of the same bytes (RFC 9111 3.4,
 * RFC 9110 15.3.7.3).
 */
function joinedAround(part: Part, matched: readonly StoredEntry[]): StoredEntry {
  const alike = matched
    .filter((each): each is Part => each === part || (isPart(each) && isOfSame(each.head, part.head)))
    .sort((one, other) => one.head.range.first - other.head.range.first)
  let run: Part[] = []
  let end = -1
  for (const each of alike) {
    const { first, last } = each.head.range
    if (first > end + 1) {
      if (run.includes(part)) break
      run = []
      end = -1
    }
    run.push(each)
    end = Math.max(end, last)
  }
  const [
    {
      head: {
        range: { first },
      },
    } = part,
  ] = run
  const { complete } = part.head.range
  const isWhole = first === 0 && end === complete - 1
  return run.length === 1 && !isWhole ? part : new JoinedParts(run, { first, last: end, complete })
}

function isOfSame(one: StoredHead, other: StoredHead): boolean {
  return (
    one.variant === other.variant &&
    one.range?.complete === other.range?.complete &&
    sameStrong(storedTag(one), storedTag(other))
  )
}

/** Parts that make up one range, as one entry; as the whole response, where they are all of it. */
class JoinedParts implements StoredEntry {
  readonly parts: readonly Part[]
  readonly newest: Part
  readonly head: StoredHead
  readonly length: number
  readonly from: string | undefined
  private readonly first: number

  /** @param parts by where they begin, without a gap */
  constructor(parts: readonly Part[], range: StoredRange) {
    this.parts = parts
    const byAge = parts.toSorted((one, other) => one.head.receivedAt - other.head.receivedAt)
    this.newest = byAge.at(-1) as Part // there is one
    const isWhole = range.last - range.first + 1 === range.complete
    this.head = {
      ...this.newest.head,
      status: isWhole ? 200 : 206,
      range: isWhole ? undefined : range,
      fields: fieldsOf(joinedFields(byAge), range, isWhole),
    }
    this.first = range.first
    this.length = range.last - range.first + 1
    this.from = parts.find(({ from }) => from !== undefined)?.from
  }

  open(first: number = 0, last: number = this.length - 1): Body {
    const bodies: Body[] = []
    const [wanted, end] = [first + this.first, last + this.first]
    let at = wanted
    for (const part of this.parts) {
      const { range } = part.head
      if (at > end || range.last < at) continue
      const until = Math.min(range.last, end)
      bodies.push(part.open(at - range.first, until - range.first))
      at = until + 1
    }
    const [only] = bodies
    return only !== undefined && bodies.length === 1 ? only : new JoinedBody(bodies, end - wanted + 1)
  }

  release(): void {
    for (const part of this.parts) part.release()
  }
}

/** Fields of a newer part replace those of older ones; one that came for `If-Range` need not have them all (RFC 9111 3.4). */
function joinedFields(oldestFirst: readonly Part[]): readonly string[] {
  return oldestFirst.map(({ head }) => head.fields).reduce((stored, newer) => updatedFields(stored, newer))
}

const OF_ONE_MESSAGE: ReadonlySet<string> = new Set(['content-range', 'content-length'])

function fieldsOf(
  fields: readonly string[],
  { first, last, complete }: StoredRange,
  isWhole: boolean,
): readonly string[] {
  const kept: string[] = []
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string // pairs
    if (!OF_ONE_MESSAGE.has(name)) kept.push(name, fields[index + 1] as string)
  }
  kept.push('content-length', String(last - first + 1))
  if (!isWhole) kept.push('content-range', `bytes ${first}-${last}/${complete}`)
  return kept
}
