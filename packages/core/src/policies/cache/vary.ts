import type { HeaderList } from '../../message/headers.ts'
import { listMembers } from '../../message/tokens.ts'
import { part, partsOf } from './length-prefixed.ts'
import type { StoredEntry, StoredHead } from './store.ts'

/**
 * The fields of the request that a response depends on, in lower case, sorted, each once (RFC 9111 4.1); undefined for
 * `Vary: *`, which no other request can match, and for more of them than are worth it.
 */
export function selectingFields(headers: HeaderList): readonly string[] | undefined {
  const value = headers.get('vary')
  if (value === undefined) return NONE
  const names = new Set(listMembers(value).map((name) => name.toLowerCase()))
  if (names.has('*')) return undefined
  return names.size === 0 ? NONE : names.size > MOST_SELECTING ? undefined : Array.from(names).sort()
}

const NONE: readonly string[] = []

/** Each look-up reads them all, in each variant: what depends on more is as good as made for one request. */
const MOST_SELECTING = 64

/**
 * What the request says in a field, and in others that applications take for the same, as accept_language for accept-language (CGI,
 * WSGI, PHP): else one of these would change the answer for all who send neither.
 */
function saidIn(request: HeaderList, name: string): string | undefined {
  let text = request.get(name)
  for (let index = 0; index < request.size; index++) {
    const other = request.nameAt(index)
    if (
      other.length === name.length &&
      other !== name &&
      ODD.test(other) &&
      plainName(other) === plainName(name)
    )
      text = `${text ?? ''}\0${other}: ${request.valueAt(index)}`
  }
  return text
}

const ODD = /[^a-z0-9-]/

function plainName(name: string): string {
  return name.replace(/[^a-z0-9]/g, '-')
}

/** What the request says in these fields, normalised: the same for two requests that one response may answer. */
export function variantOf(selecting: readonly string[], request: HeaderList): string {
  let text = ''
  for (const name of selecting) text += part(name) + part(normalised(name, saidIn(request, name)))
  return text
}

/** The stored responses that the request may be answered with, in their order. */
export function matching(entries: readonly StoredEntry[], request: HeaderList): readonly StoredEntry[] {
  // Without Vary, as most are.
  const [first] = entries
  if (entries.length === 1 && first?.head.variant === '') return entries
  let selecting: readonly string[] = NONE
  let variant = ''
  return entries.filter(({ head }) => {
    // What normalising costs, no variant costs again.
    if (!isSameList(head.selecting, selecting)) {
      selecting = head.selecting
      variant = variantOf(selecting, request)
    }
    return head.variant === variant
  })
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one === other || (one.length === other.length && one.every((name, index) => name === other[index]))
}

/** Lists in which white space and letter case mean nothing. Of other fields nobody knows what their values mean. */
const LISTS: ReadonlySet<string> = new Set(['accept', 'accept-charset', 'accept-encoding', 'accept-language'])

/** A longer one than any browser's is compared as it stands: to normalise it would take a millisecond and more. */
const LONGEST_LIST = 1024

/** The value in a form that different spellings of the same share (RFC 9111 4.1). */
function normalised(name: string, value: string | undefined): string | undefined {
  if (value === undefined || value.length > LONGEST_LIST || !LISTS.has(name) || value.includes('"'))
    return value
  const members = listMembers(value.toLowerCase()).map((member) =>
    member
      .split(';')
      .map((each) => each.trim())
      .filter((each) => !/^q=1(?:\.0{0,3})?$/.test(each))
      .join(';'),
  )
  // Languages of equal weight are in the order that the reader prefers, whatever RFC 9110 12.5.4 says: servers go by it.
  return name === 'accept-encoding' ? codings(members) : members.join(',')
}

/** Which codings are accepted, not in which order; one that is not accepted is as good as not named, but for `*` and identity. */
function codings(members: readonly string[]): string {
  const all = members.some((member) => member.startsWith('*'))
  return members
    .map((member) => member.replace(/^x-(?=gzip|compress)/, ''))
    .filter((member) => all || member.startsWith('identity') || !/;q=0(?:\.0{0,3})?$/.test(member))
    .sort()
    .join(',')
}

/** What `variantOf` has made one text of: names and values. */
export function variantFacts({
  selecting,
  variant,
}: Pick<StoredHead, 'selecting' | 'variant'>): readonly (readonly [
  name: string,
  value: string | undefined,
])[] {
  const parts = partsOf(variant)
  return selecting.map((name, index) => [name, parts[index * 2 + 1]])
}
