import { type Body, WholeBody } from '../../message/body.ts'
import { own } from '../../message/own-options.ts'
import { RecentPurges, staleSince } from './recent-purges.ts'
import { RecencyMap } from './recency-map.ts'
import { isSamePlace } from './same-place.ts'
import { isSelected } from './selected.ts'
import type {
  CacheKey,
  CacheStore,
  EntryWriter,
  Selection,
  StoredEntry,
  StoredHead,
  StoreStats,
} from './store.ts'

/** Options of `ProcessStore`. */
export interface ProcessStoreOptions {
  /** Bytes in all, heads and keys included. Default 64 MiB. */
  readonly maxBytes?: number | undefined
  /** Stored responses in all. Default 100,000. */
  readonly maxEntries?: number | undefined
  /** Bytes of content that one may have. Default: an eighth of `maxBytes`. */
  readonly maxObject?: number | undefined
}

/** What an entry takes beside its text and content, in bytes: objects and their places in lists. Measured with 1 KiB bodies. */
const OVERHEAD = 512

/**
 * Keeps responses in this thread's memory. Beyond its bounds the key goes that was not asked for in the longest time (LRU).
 * @throws TypeError if a bound is not a whole number above 0
 */
export class ProcessStore implements CacheStore {
  private readonly keys = new RecencyMap<readonly ProcessEntry[]>()
  /** The keys of each URL: what changes a resource is for its URL, and must not look at all that is stored. */
  private readonly urls = new Map<string, string | Set<string>>()
  private readonly writers = new Set<ProcessWriter>()
  private readonly purges = new RecentPurges()
  private readonly maxBytes: number
  private readonly maxEntries: number
  private readonly maxObject: number
  private entries = 0
  private bytes = 0
  private admitted = 0
  private refused = 0
  private evictions = 0

  constructor(given: ProcessStoreOptions = {}) {
    const options = own(given)
    this.maxBytes = bound('maxBytes', options.maxBytes ?? 64 * 1024 * 1024)
    this.maxEntries = bound('maxEntries', options.maxEntries ?? 100_000)
    this.maxObject = bound('maxObject', options.maxObject ?? Math.max(1, this.maxBytes >> 3))
  }

  find({ text }: CacheKey): readonly StoredEntry[] {
    return this.keys.get(text) ?? NONE
  }

  moment(): number {
    return this.purges.count
  }

  begin(key: CacheKey, head: StoredHead, length: number | undefined, since: number): EntryWriter | undefined {
    const current = this.purges.since(since, key, head)
    if (current === undefined || (length !== undefined && length > this.maxObject)) {
      this.refused++
      return undefined
    }
    const writer = new ProcessWriter(this, key, current, length, this.maxObject)
    this.writers.add(writer)
    return writer
  }

  update(key: CacheKey, entry: StoredEntry, head: StoredHead): boolean {
    const list = this.keys.peek(key.text)
    if (list === undefined || !list.includes(entry as ProcessEntry)) return false
    const updated = new ProcessEntry(head, (entry as ProcessEntry).content)
    // A list that was given out stays as it was.
    this.put(key, [updated, ...list.filter((each) => each !== entry && !isSamePlace(each.head, head))])
    return true
  }

  remove(key: CacheKey, entry: StoredEntry): boolean {
    const list = this.keys.peek(key.text)
    if (list === undefined || !list.includes(entry as ProcessEntry)) return false
    this.put(
      key,
      list.filter((each) => each !== entry),
    )
    return true
  }

  purge(selection: Selection, how: 'hard' | 'soft', now: number): number {
    this.purges.add(selection, how, now)
    for (const writer of this.writers)
      if (isSelected(selection, writer.key, writer.head)) writer.doom(how, now)
    let count = 0
    for (const [text, list] of this.candidates(selection)) {
      const key = { text }
      const meant = list.filter(({ head }) => isSelected(selection, key, head))
      if (meant.length === 0) continue
      count += meant.length
      const left = list.flatMap((each) => {
        if (!meant.includes(each)) return [each]
        return how === 'hard' ? [] : [new ProcessEntry(staleSince(each.head, now), each.content)]
      })
      this.put(key, left)
    }
    return count
  }

  stats(): StoreStats {
    const { entries, bytes, maxBytes, admitted, refused, evictions } = this
    return { entries, bytes, capacity: maxBytes, admitted, refused, evictions }
  }

  close(): Promise<void> {
    this.keys.clear()
    this.urls.clear()
    this.entries = 0
    this.bytes = 0
    return Promise.resolve()
  }

  /** For a writer: it is done; undefined where it has nothing to store. */
  settle(writer: ProcessWriter, entry: ProcessEntry | undefined): boolean {
    this.writers.delete(writer)
    if (entry === undefined || sizeOf(writer.key, entry) > this.maxBytes) {
      this.refused++
      return false
    }
    this.admitted++
    const list = this.keys.get(writer.key.text) ?? []
    this.put(writer.key, [entry, ...list.filter((each) => !isSamePlace(each.head, entry.head))])
    this.evict(writer.key)
    return true
  }

  /** Those that may be meant, in a list of their own: it may change meanwhile. */
  private candidates(selection: Selection): Iterable<readonly [string, readonly ProcessEntry[]]> {
    if (selection.by !== 'key' && selection.by !== 'url') return Array.from(this.keys)
    const found = selection.by === 'key' ? selection.key.text : this.urls.get(selection.value)
    const texts = typeof found === 'string' ? [found] : found
    return Array.from(texts ?? [], (text) => [text, this.keys.peek(text) ?? []] as const)
  }

  private put(key: CacheKey, list: readonly ProcessEntry[]): void {
    const { text } = key
    const before = this.keys.peek(text) ?? []
    for (const each of before) this.count(key, each, -1)
    for (const each of list) this.count(key, each, 1)
    if (list.length === 0) this.keys.delete(text)
    else this.keys.set(text, list)
    // All that is under one key has the URL that the key is made of.
    const url = (list[0] ?? before[0])?.head.url
    if (url !== undefined && (list.length === 0) !== (before.length === 0))
      this.index(url, text, list.length > 0)
  }

  /** Most URLs have one key: no set is made for it. */
  private index(url: string, text: string, there: boolean): void {
    const texts = this.urls.get(url)
    if (typeof texts === 'object') {
      if (there) texts.add(text)
      else texts.delete(text)
      if (texts.size === 0) this.urls.delete(url)
    } else if (!there) this.urls.delete(url)
    else this.urls.set(url, texts === undefined ? text : new Set([texts, text]))
  }

  private count(key: CacheKey, entry: ProcessEntry, by: 1 | -1): void {
    this.entries += by
    this.bytes += by * sizeOf(key, entry)
  }

  /** What was stored last stays, the older variants of its key go before it does. */
  private evict(last: CacheKey): void {
    while (this.bytes > this.maxBytes || this.entries > this.maxEntries) {
      const text = this.keys.oldest
      if (text === undefined) return
      const list = this.keys.peek(text) ?? []
      const left = text === last.text ? list.slice(0, 1) : []
      this.evictions += list.length - left.length
      this.put({ text }, left)
      if (left.length > 0) return
    }
  }
}

const NONE: readonly StoredEntry[] = []

function sizeOf({ text }: CacheKey, { head, length }: ProcessEntry): number {
  let size = OVERHEAD + text.length + length + head.variant.length + head.url.length
  for (const each of head.fields) size += each.length
  return size
}

function bound(name: keyof ProcessStoreOptions, value: number): number {
  if (Number.isInteger(value) && value > 0) return value
  throw new TypeError(`${name} of a ProcessStore is ${value}: use a whole number above 0`)
}

/** Content is one body that is here, shared by all who ask: its text, once made, serves all of them. */
class ProcessEntry implements StoredEntry {
  readonly head: StoredHead
  readonly content: WholeBody
  readonly length: number

  constructor(head: StoredHead, content: WholeBody) {
    this.head = head
    this.content = content
    this.length = content.length
  }

  open(first: number = 0, last: number = this.length - 1): Body {
    if (first === 0 && last === this.length - 1) return this.content
    return WholeBody.fromBytes(this.content.bytes.subarray(first, last + 1))
  }

  release(): void {}
}

class ProcessWriter implements EntryWriter {
  readonly key: CacheKey
  head: StoredHead
  private readonly store: ProcessStore
  private readonly announced: number | undefined
  private readonly limit: number
  private chunks: Uint8Array[] = []
  private size = 0
  private over = false

  constructor(
    store: ProcessStore,
    key: CacheKey,
    head: StoredHead,
    announced: number | undefined,
    limit: number,
  ) {
    this.store = store
    this.key = key
    this.head = head
    this.announced = announced
    this.limit = limit
  }

  write(chunk: Uint8Array): boolean {
    if (this.over) return false
    this.size += chunk.byteLength
    if (this.size > this.limit) {
      this.abort()
      return false
    }
    this.chunks.push(new Uint8Array(chunk))
    return true
  }

  commit(): boolean {
    if (this.over) return false
    const whole = this.announced === undefined || this.size === this.announced
    const content = whole ? WholeBody.fromBytes(joined(this.chunks)) : undefined
    this.finish()
    return this.store.settle(this, content && new ProcessEntry(this.head, content))
  }

  abort(): void {
    if (this.over) return
    this.finish()
    this.store.settle(this, undefined)
  }

  /** A purge is for what it writes. */
  doom(how: 'hard' | 'soft', now: number): void {
    if (how === 'hard') this.abort()
    else this.head = staleSince(this.head, now)
  }

  private finish(): void {
    this.over = true
    this.chunks = []
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [first = new Uint8Array(0)] = chunks
  return chunks.length > 1 ? Buffer.concat(chunks) : first
}
