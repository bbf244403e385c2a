import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '../../../time/clock.ts'
import type { Timer } from '../../../time/timer.ts'
import { RecentPurges } from '../recent-purges.ts'
import type { Selection } from '../store.ts'
import { namesIn, numberOf } from './disk-files.ts'
import { DiskIndex } from './disk-index.ts'
import { asKey, type DiskKeeper, type FoundRecord, type NewRecord, type PurgedRecord } from './disk-keeper.ts'
import type { DiskRecord, IndexedRecord } from './disk-record.ts'
import {
  COUNTS,
  createDiskShared,
  type DiskShared,
  type DiskViews,
  presenceOf,
  reserveOf,
  TOTALS,
  viewsOf,
  writing,
  writingOf,
} from './disk-shared.ts'
import { Folder, rootOf } from './folder.ts'
import { PurgeRecord } from './purge-record.ts'
import { Removals } from './removals.ts'
import { scan } from './scan.ts'

/** Options of a cache on disk. */
export interface DiskCacheOptions {
  /** A folder of its own. */
  readonly path: string
  /** What files may take, in bytes. */
  readonly maxBytes: number
  /** Stored responses in all. Default: one for each 16 KiB of `maxBytes`, from 10,000 to 1,000,000. */
  readonly maxEntries?: number | undefined
  /** Bytes of content that one may have. Default: an eighth of `maxBytes`. */
  readonly maxObject?: number | undefined
  readonly clock: Clock
  /** Told what went wrong with files, where nothing else comes of it. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** How often the lock is renewed, in milliseconds. */
const RENEW = 10_000

/**
 * Has the folder of a cache and the index of what is in it. One thread has it, and the others ask that one. Until it is opened, and
 * after it was closed, nothing is found and nothing is taken.
 */
export class DiskOwner implements DiskKeeper {
  readonly shared: DiskShared
  private readonly path: string
  private readonly views: DiskViews
  private readonly index: DiskIndex
  private readonly purges = new RecentPurges()
  private readonly removals: Removals
  private readonly clock: Clock
  private readonly renewal: Timer
  private readonly onError: (error: unknown) => void
  private opened: { readonly folder: Folder; readonly record: PurgeRecord } | undefined
  private scanned: Promise<void> = Promise.resolve()
  private admitted = 0
  private scanning = false

  constructor(options: DiskCacheOptions) {
    const { path, maxBytes, clock, onError = () => undefined } = options
    const maxEntries =
      options.maxEntries ?? Math.min(Math.max(Math.floor(maxBytes / 16_384), 10_000), 1_000_000)
    const maxObject = options.maxObject ?? Math.max(1, Math.floor(maxBytes / 8))
    const root = rootOf(path)
    this.path = path
    this.clock = clock
    this.onError = onError
    this.shared = createDiskShared(
      { root, session: randomBytes(4).toString('hex'), maxBytes, maxObject },
      maxEntries,
    )
    this.views = viewsOf(this.shared)
    this.removals = new Removals(root)
    this.index = new DiskIndex(maxBytes - reserveOf(this.shared), maxEntries, (record, keepsBody) =>
      this.gone(record, keepsBody),
    )
    this.renewal = clock.timer(() => this.renew())
  }

  /** Resolves when all that was there when it was opened is found again. */
  get ready(): Promise<void> {
    return this.scanned
  }

  /**
   * Takes the folder, and begins to find again what is in it.
   * @throws DiskCacheError if it cannot be used
   */
  open(): void {
    if (this.opened !== undefined) return
    const folder = new Folder(this.path, this.clock.wallTime())
    const record = new PurgeRecord(join(folder.root, 'purges'))
    this.opened = { folder, record }
    const { counts } = this.views
    Atomics.store(counts, COUNTS.purges, record.last)
    Atomics.store(counts, COUNTS.open, 1)
    this.renewal.arm(RENEW)
    this.scanning = true
    this.scanned = this.findAgain(record).catch(this.onError)
  }

  find(hash: string): readonly FoundRecord[] {
    if (this.opened === undefined) return []
    return this.index.find(hash).map(({ file, size, staleSince }) => ({ file, size, staleSince }))
  }

  add(record: NewRecord, instead?: string): boolean {
    const { since, hash } = record
    const before = instead === undefined ? undefined : this.index.get(hash, instead)
    if (this.opened === undefined || (instead !== undefined && before === undefined)) return false
    const current = this.purges.since(since, asKey(hash), record)
    if (current === undefined) return false
    this.put({ ...record, staleSince: current.staleSince })
    if (instead === undefined) this.views.totals[TOTALS.admitted] = ++this.admitted
    return true
  }

  stands(record: PurgedRecord): boolean {
    return this.purges.since(record.since, asKey(record.hash), record) !== undefined
  }

  drop(hash: string, file: string): boolean {
    const record = this.index.get(hash, file)
    if (record === undefined) return false
    this.index.remove(record)
    this.count()
    return true
  }

  async purge(selection: Selection, how: 'hard' | 'soft', now: number): Promise<number> {
    const { opened } = this
    if (opened === undefined) return 0
    this.purges.add(selection, how, now)
    Atomics.store(this.views.counts, COUNTS.moment, this.purges.count)
    const meant = this.index.select(selection)
    for (const record of meant) {
      if (how === 'hard') this.index.remove(record)
      else record.staleSince ??= now
    }
    this.count()
    const isWriting = writing(this.views).entries > 0
    if (meant.length > 0 || isWriting || this.scanning)
      await this.remember(opened.record, selection, how, now)
    return meant.length
  }

  /** To be called when that thread has surely ended: what it was writing is removed. */
  async threadEnded(thread: number): Promise<void> {
    writingOf(this.views, thread).fill(0)
    const { session } = this.shared
    // Its successor may have the same number, and be writing already.
    const next = Atomics.load(this.views.counts, COUNTS.names) >>> 0
    const isLeft = (name: string): boolean =>
      name.startsWith(`${session}-${thread}-`) && numberOf(name) < next
    try {
      const left = await namesIn(this.shared.root, isLeft)
      const names = this.index.names()
      for (const name of left) if (!names.has(name)) this.removals.add(name)
    } catch (error) {
      this.onError(error)
    }
    await this.removals.done()
  }

  /** Gives the folder back at once; resolves when nothing of it is at work any more. */
  async close(): Promise<void> {
    const { opened } = this
    if (opened === undefined) return
    this.opened = undefined
    Atomics.store(this.views.counts, COUNTS.open, 0)
    this.renewal.disarm()
    opened.folder.release()
    await this.scanned
    await this.removals.done()
  }

  private async remember(
    record: PurgeRecord,
    selection: Selection,
    how: 'hard' | 'soft',
    now: number,
  ): Promise<void> {
    const written = record.add(selection, how, now)
    const { last } = record
    Atomics.store(this.views.counts, COUNTS.purges, last)
    await written
    // What is being written may be a whole file of something that was purged, until it is removed.
    if (how === 'hard' && !this.scanning && writing(this.views).entries === 0)
      void this.removals.done().then(() => record.removed(last))
  }

  private put(record: DiskRecord, madeOf?: IndexedRecord): void {
    // Before it leaves again: what is counted must not fall below zero.
    this.present(record.hash, 1)
    this.index.add(record, madeOf)
    this.count()
  }

  private gone(record: DiskRecord, keepsBody: boolean): void {
    this.present(record.hash, -1)
    this.removals.add(record.file)
    if (record.body !== '' && !keepsBody) this.removals.add(record.body)
  }

  /** What was full once stays: no count says any more how many there are. */
  private present(hash: string, by: number): void {
    const { presence } = this.views
    const place = presenceOf(this.views, hash)
    const count = Atomics.load(presence, place)
    if (count < 255) Atomics.store(presence, place, count + by)
  }

  private count(): void {
    const { totals } = this.views
    totals[TOTALS.entries] = this.index.entries
    totals[TOTALS.bytes] = this.index.bytes
    totals[TOTALS.evictions] = this.index.evictions
  }

  private async findAgain(record: PurgeRecord): Promise<void> {
    const { root, session } = this.shared
    const upTo = record.last
    await scan(root, {
      take: (entry, found) => {
        const staleSince = record.since(entry.purges, asKey(found.hash), found)
        if (staleSince === 'hard' || this.index.hasNewer(found)) return false
        this.put({ ...found, staleSince })
        return true
      },
      isNew: (name) => name.startsWith(session),
      stopped: () => this.opened === undefined,
    })
    this.scanning = false
    if (this.opened !== undefined) void this.removals.done().then(() => record.removed(upTo))
  }

  private renew(): void {
    const { opened } = this
    if (opened === undefined) return
    try {
      opened.folder.renew(this.clock.wallTime())
    } catch (error) {
      this.onError(error)
    }
    this.renewal.arm(RENEW)
  }
}
