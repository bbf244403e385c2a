import { randomBytes } from 'node:crypto'
import { own } from '../../../message/own-options.ts'
import {
  listReply,
  numberReply,
  type RedisCommands,
  type RedisReply,
  textReply,
} from '../../redis-commands.ts'
import { decodeHead, encodeHead } from '../head-codec.ts'
import { staleSince } from '../recent-purges.ts'
import type {
  CacheKey,
  CacheStore,
  EntryWriter,
  Selection,
  StoredEntry,
  StoredHead,
  StoreStats,
} from '../store.ts'
import { keepFor } from './keep-for.ts'
import { keyName, labelOf, labelsOf, valueOf, variantName } from './names.ts'
import { OwedPurges } from './owed-purges.ts'
import { firstPiece, readContent, writeRest } from './redis-content.ts'
import { RedisEntry } from './redis-entry.ts'
import { RedisWriter, type RedisWriterOwner } from './redis-writer.ts'
import { COMMIT, EMPTY, FIND, MOMENT, PURGE, REMOVE, UPDATE, WALK } from './scripts.ts'

/** Options of `RedisStore`. */
export interface RedisStoreOptions {
  /** What its names in Redis begin with; stores with the same one are one. Default `headgate:{cache}:`. */
  readonly prefix?: string | undefined
  /** Bytes that it may have in Redis, in all. Default 1 GiB. */
  readonly maxBytes?: number | undefined
  /** Bytes of content that one response may have. Default 8 MiB, or an eighth of `maxBytes` if that is less. */
  readonly maxObject?: number | undefined
  /** Who purges, as `RedisPurgeFeed` is told it: text without spaces. Default: nobody by name. */
  readonly self?: string | undefined
}

export const DEFAULT_PREFIX = 'headgate:{cache}:'

/** Content that comes together with the heads, in bytes for one key. */
const AT_ONCE = 1024 * 1024
/** Bytes that may be on their way to Redis, and from it, at a time. */
const MOST_ON_THE_WAY = 64 * 1024 * 1024
/** Entries that a purge takes away in one step. */
const STEP = 200
/** What an entry takes beside its text and content, and what each of its labels takes, in bytes. Measured with redis-server 7.0. */
const OVERHEAD = 1500
const LABEL = 150

/**
 * Keeps responses in Redis, for all gateways that use the same one. A purge holds in all of them when it is answered. Entries are
 * read whole, so that a body that was begun does not depend on Redis. Each call rejects where Redis does, or does not answer in time;
 * a purge that did not reach it is made up for before anything is read from it again.
 * @throws TypeError if a bound is not a whole number above 0
 */
export class RedisStore implements CacheStore {
  private readonly commands: RedisCommands
  private readonly prefix: string
  private readonly meta: string
  private readonly self: string
  private readonly maxBytes: number
  private readonly maxObject: number
  private readonly owed = new OwedPurges(({ selection, how, now }) => this.purgeNow(selection, how, now))
  private readonly writerOwner: RedisWriterOwner
  private purges = 0
  private entries = 0
  private bytes = 0
  private admitted = 0
  private refused = 0
  private evictions = 0
  private writing = 0
  private reading = 0

  constructor(commands: RedisCommands, given: RedisStoreOptions = {}) {
    const options = own(given)
    this.commands = commands
    this.prefix = options.prefix ?? DEFAULT_PREFIX
    this.meta = `${this.prefix}meta`
    this.self = options.self ?? '-'
    this.maxBytes = bound('maxBytes', options.maxBytes ?? 1024 * 1024 * 1024)
    this.maxObject = bound('maxObject', options.maxObject ?? Math.min(8 * 1024 * 1024, this.maxBytes >> 3))
    this.writerOwner = {
      hold: (bytes) => this.hold(bytes),
      refused: () => void this.refused++,
      put: (key, head, content, since) => this.put(key, head, content, since),
    }
  }

  async find(key: CacheKey): Promise<readonly StoredEntry[]> {
    await this.owed.settle()
    const found = await FIND.run(this.commands, this.meta, keyName(key), latin1(key.text), AT_ONCE)
    const [purges, entries, bytes, ...rows] = listReply(found)
    this.note(purges, entries, bytes)
    const read = await Promise.all(rows.map((row) => this.read(key, listReply(row))))
    return read
      .filter((each) => each !== undefined)
      .sort((a, b) => b.number - a.number)
      .map(({ entry }) => entry)
  }

  /** The last purge that was heard of: none that is asked for from now on has a number as low. */
  moment(): number {
    return this.purges
  }

  begin(key: CacheKey, head: StoredHead, length: number | undefined, since: number): EntryWriter | undefined {
    if ((length ?? 0) <= this.maxObject && this.writing + (length ?? 0) <= MOST_ON_THE_WAY)
      return new RedisWriter(this.writerOwner, { key, head, length, since, limit: this.maxObject })
    this.refused++
    return undefined
  }

  async update(key: CacheKey, entry: StoredEntry, head: StoredHead): Promise<boolean> {
    if (!(entry instanceof RedisEntry)) return false
    await this.owed.settle()
    const { id, variant, since } = entry.place
    const place = [since, keyName(key), variant, id, variantName(head)]
    const kept = [latin1(encodeHead(head)), labelsOf(head).join(' '), keepFor(head), latin1(head.url)]
    return this.changed(await UPDATE.run(this.commands, this.meta, ...place, ...kept))
  }

  async remove(key: CacheKey, entry: StoredEntry): Promise<boolean> {
    if (!(entry instanceof RedisEntry)) return false
    const { id, variant } = entry.place
    return this.changed(await REMOVE.run(this.commands, this.meta, keyName(key), variant, id))
  }

  async purge(selection: Selection, how: 'hard' | 'soft', now: number): Promise<number> {
    try {
      return await this.purgeNow(selection, how, now)
    } catch (error) {
      this.owed.add(selection, how, now)
      throw error
    }
  }

  /** As of the last answer. */
  stats(): StoreStats {
    const { entries, bytes, maxBytes, admitted, refused, evictions } = this
    return { entries, bytes, capacity: maxBytes, admitted, refused, evictions }
  }

  /** Asks Redis how much there is, for `stats` and `moment`. */
  async refresh(): Promise<void> {
    const [purges, entries, bytes] = listReply(await MOMENT.run(this.commands, this.meta))
    this.note(purges, entries, bytes)
  }

  /** What is stored stays. */
  close(): Promise<void> {
    return Promise.resolve()
  }

  private async read(
    key: CacheKey,
    [id, variant, headText, number, stale, size, begin]: readonly RedisReply[],
  ): Promise<{ readonly entry: RedisEntry; readonly number: number } | undefined> {
    const stored = decodeHead(textReply(headText))
    const length = numberReply(size)
    if (stored === undefined || length > MOST_ON_THE_WAY - this.reading || !Buffer.isBuffer(begin))
      return undefined
    const place = { id: textReply(id), variant: textReply(variant), since: this.purges }
    this.reading += length
    try {
      const content = await readContent(this.commands, this.entryName(place.id), length, begin)
      if (content === undefined) {
        await REMOVE.run(this.commands, this.meta, keyName(key), place.variant, place.id)
        return undefined
      }
      const since = textReply(stale)
      const head = since === '' ? stored : staleSince(stored, Number(since))
      return { entry: new RedisEntry(head, place, content), number: numberReply(number) }
    } finally {
      this.reading -= length
    }
  }

  private async put(key: CacheKey, head: StoredHead, content: Buffer, since: number): Promise<boolean> {
    try {
      await this.owed.settle()
      const labels = labelsOf(head)
      const text = encodeHead(head)
      const size = OVERHEAD + LABEL * labels.length + text.length + key.text.length + content.byteLength
      const id = `${randomBytes(12).toString('base64url')}.${size}`
      await writeRest(this.commands, this.entryName(id), content)
      const place = [since, keyName(key), variantName(head), id]
      const kept = [latin1(text), latin1(key.text), labels.join(' '), keepFor(head), size, this.maxBytes]
      const rest = [latin1(head.url), content.byteLength, firstPiece(content)]
      const reply = await COMMIT.run(this.commands, this.meta, ...place, ...kept, ...rest)
      const [taken, purges, entries, bytes, evicted] = listReply(reply)
      this.note(purges, entries, bytes)
      this.evictions += numberReply(evicted)
      if (taken === 1) this.admitted++
      else this.refused++
      return taken === 1
    } catch (error) {
      this.refused++
      throw error
    }
  }

  private async purgeNow(selection: Selection, how: 'hard' | 'soft', now: number): Promise<number> {
    const { commands, meta, self } = this
    const meant = [how, selection.by, latin1(valueOf(selection)), labelOf(selection)]
    const [number, removed, left, name] = listReply(await PURGE.run(commands, meta, ...meant, now, self))
    this.purges = numberReply(number)
    const list = textReply(name)
    switch (textReply(left)) {
      case 'empty':
        return this.empty(list, selection)
      case 'walk':
        return this.walk(list, selection, how, now)
      default:
        return numberReply(removed)
    }
  }

  /** Nothing of the list is found any more: what is left is to tell how many there were, and to give back their memory. */
  private async empty(list: string, { by }: Selection): Promise<number> {
    let count = 0
    for (;;) {
      const reply = await EMPTY.run(this.commands, this.meta, list, by, STEP)
      const [removed, left, entries, bytes] = listReply(reply)
      this.note(this.purges, entries, bytes)
      count += numberReply(removed)
      if (left === 0) return count
    }
  }

  private async walk(list: string, selection: Selection, how: 'hard' | 'soft', now: number): Promise<number> {
    const prefix = selection.by === 'prefix' ? selection.value : ''
    const before = this.purges
    let cursor = '0'
    let count = 0
    do {
      const args = [list, cursor, STEP, how, before, now, latin1(prefix)]
      const [found, next, entries, bytes] = listReply(await WALK.run(this.commands, this.meta, ...args))
      this.note(this.purges, entries, bytes)
      count += numberReply(found)
      cursor = textReply(next)
    } while (cursor !== '0')
    return count
  }

  private changed(reply: RedisReply): boolean {
    const [there, purges, entries, bytes] = listReply(reply)
    this.note(purges, entries, bytes)
    return there === 1
  }

  private note(
    purges: RedisReply | undefined,
    entries: RedisReply | undefined,
    bytes: RedisReply | undefined,
  ): void {
    this.purges = numberReply(purges)
    this.entries = numberReply(entries)
    this.bytes = numberReply(bytes)
  }

  private hold(bytes: number): boolean {
    if (this.writing + bytes > MOST_ON_THE_WAY) return false
    this.writing += bytes
    return true
  }

  private entryName(id: string): string {
    return `${this.prefix}e:${id}`
  }
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

function bound(name: keyof RedisStoreOptions, value: number): number {
  if (Number.isInteger(value) && value > 0) return value
  throw new TypeError(`${name} of a RedisStore is ${value}: use a whole number above 0`)
}
