import type { Clock } from '../../../time/clock.ts'
import { checkKey, encodeHead, isLatin1 } from '../head-codec.ts'
import type {
  CacheKey,
  CacheStore,
  EntryWriter,
  MaybePromise,
  Selection,
  StoredEntry,
  StoredHead,
  StoreStats,
} from '../store.ts'
import { addEntry } from './add-entry.ts'
import { DiskEntry } from './disk-entry.ts'
import { codeOf } from './disk-error.ts'
import { makeFolders, nameOf } from './disk-files.ts'
import { asKey, type DiskKeeper, type FoundRecord } from './disk-keeper.ts'
import {
  COUNTS,
  type DiskViews,
  presenceOf,
  reserveOf,
  TOTALS,
  viewsOf,
  writing,
  writingOf,
} from './disk-shared.ts'
import { DiskWriter, type WriterOwner } from './disk-writer.ts'
import { hashOfKey } from './entry-file.ts'
import { type EntryReader, readEntry } from './read-entry.ts'

/** Options of `DiskStore`. */
export interface DiskStoreOptions {
  readonly clock: Clock
  /** Told what went wrong with files, where nothing else comes of it. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** How a store on disk is doing. */
export interface DiskStats extends StoreStats {
  /** What could not be read or written, or was not what had been written. */
  readonly errors: number
}

const NONE: readonly StoredEntry[] = []
/** How often an entry is looked for whose file was replaced while it was being found. */
const MOST_TRIES = 3
/** Entries that a thread writes at a time: where the disk is slower for longer, responses are not stored. */
const MOST_WRITERS = 512
/** Bytes of them that wait for the disk. */
const MOST_WAITING = 64 * 1024 * 1024

/**
 * Keeps responses in files, found by whoever has the index. Each thread makes one of these over the same cache. What was not
 * written whole, or has changed since, is never given out: it is as if it were not there.
 */
export class DiskStore implements CacheStore {
  private readonly keeper: DiskKeeper
  private readonly views: DiskViews
  private readonly reader: EntryReader
  private readonly owner: WriterOwner
  private readonly onError: (error: unknown) => void
  private readonly writers = new Set<DiskWriter>()
  private idle: (() => void)[] = []
  private closed = false

  /** @param thread the number of this thread: no other that lives has the same, and it makes one store over that cache */
  constructor(keeper: DiskKeeper, thread: number, { clock, onError }: DiskStoreOptions) {
    const { shared } = keeper
    this.keeper = keeper
    this.views = viewsOf(shared)
    this.onError = onError ?? (() => undefined)
    this.reader = { root: shared.root, damaged: (hash, file, error) => void this.damaged(hash, file, error) }
    this.owner = this.ownerOf(thread, clock)
  }

  find(key: CacheKey): MaybePromise<readonly StoredEntry[]> {
    if (this.closed || !isLatin1(key.text)) return NONE
    const hash = hashOfKey(key)
    // Most misses end here, and ask nobody.
    if (Atomics.load(this.views.presence, presenceOf(this.views, hash)) === 0) return NONE
    return this.read(key, hash)
  }

  moment(): number {
    return Atomics.load(this.views.counts, COUNTS.moment)
  }

  /** Throws a TypeError if the key or the head cannot be kept as bytes. */
  begin(key: CacheKey, head: StoredHead, length: number | undefined, since: number): EntryWriter | undefined {
    if (this.closed || Atomics.load(this.views.counts, COUNTS.open) === 0) return undefined
    checkKey(key)
    encodeHead(head)
    if ((length ?? 0) > this.keeper.shared.maxObject || this.writers.size >= MOST_WRITERS) {
      this.refused()
      return undefined
    }
    // Counted before it looks: a purge that does not see it is one that it sees.
    this.owner.count(1, 0)
    const purges = Atomics.load(this.views.counts, COUNTS.purges)
    const isLate = since !== this.moment()
    const begun = { key, hash: hashOfKey(key), head, length, since, purges, isLate }
    const writer = new DiskWriter(this.owner, begun)
    this.writers.add(writer)
    return writer
  }

  async update(key: CacheKey, entry: StoredEntry, head: StoredHead): Promise<boolean> {
    if (!(entry instanceof DiskEntry) || this.closed) return false
    const { keeper, views, owner } = this
    const { said, inline: content, hash, file: instead } = entry
    const file = owner.newName('e')
    const writtenAt = owner.now()
    owner.count(1, 0)
    try {
      const since = this.moment()
      const purges = Atomics.load(views.counts, COUNTS.purges)
      const changed = { ...said, key, head, purges, writtenAt }
      return await addEntry(keeper, { hash, file, said: changed, content, since, instead })
    } finally {
      owner.count(-1, 0)
    }
  }

  remove(_key: CacheKey, entry: StoredEntry): MaybePromise<boolean> {
    return entry instanceof DiskEntry ? this.keeper.drop(entry.hash, entry.file) : false
  }

  purge(selection: Selection, how: 'hard' | 'soft', now: number): MaybePromise<number> {
    const meant: Selection =
      selection.by === 'key' ? { by: 'key', key: asKey(hashOfKey(selection.key)) } : selection
    return this.keeper.purge(meant, how, now)
  }

  stats(): DiskStats {
    const { totals, counts, shared } = this.views
    const total = (which: keyof typeof TOTALS): number => totals[TOTALS[which]] ?? 0
    return {
      entries: total('entries'),
      bytes: total('bytes') + 1024 * writing(this.views).size,
      capacity: shared.maxBytes,
      admitted: total('admitted'),
      refused: Atomics.load(counts, COUNTS.refused),
      evictions: total('evictions'),
      errors: Atomics.load(counts, COUNTS.errors),
    }
  }

  /** What is being stored is, before; the cache itself goes on for the other threads. */
  async close(): Promise<void> {
    this.closed = true
    for (const writer of this.writers) writer.abort()
    if (this.writers.size > 0) await new Promise<void>((resolve) => this.idle.push(resolve))
  }

  private async read(key: CacheKey, hash: string): Promise<readonly StoredEntry[]> {
    for (let tries = 0; ; tries++) {
      const found = await this.keeper.find(hash)
      if (found.length === 0) return NONE
      const read = await Promise.all(found.map((each) => this.readOne(key, hash, each)))
      const entries = read.filter((each) => each instanceof DiskEntry)
      const gone = found.filter((_, index) => read[index] === 'gone')
      if (gone.length === 0) return entries
      if (tries === MOST_TRIES) {
        // Somebody else has removed them.
        for (const { file } of gone) await this.keeper.drop(hash, file)
        return entries
      }
      // Replaced since they were found: what took their place is there.
      for (const each of entries) each.release()
    }
  }

  private async readOne(
    key: CacheKey,
    hash: string,
    found: FoundRecord,
  ): Promise<DiskEntry | 'gone' | undefined> {
    try {
      return await readEntry(this.reader, key, hash, found)
    } catch (error) {
      const code = codeOf(error)
      if (code === 'ENOENT') return 'gone'
      // Nothing is wrong with it where there is no descriptor to read it by.
      if (code === 'EMFILE' || code === 'ENFILE') this.failed(error)
      else await this.damaged(hash, found.file, error)
      return undefined
    }
  }

  /** It is removed, lest it be tried again. */
  private async damaged(hash: string, file: string, error: unknown): Promise<void> {
    this.failed(error)
    try {
      await this.keeper.drop(hash, file)
    } catch (thrown) {
      this.failed(thrown)
    }
  }

  private ownerOf(thread: number, clock: Clock): WriterOwner {
    const { keeper, views } = this
    const mine = writingOf(views, thread)
    const reserve = reserveOf(keeper.shared) / 1024
    let waiting = 0
    const count = (entries: number, bytes: number): void => {
      Atomics.add(mine, 0, entries)
      Atomics.add(mine, 1, bytes / 1024)
    }
    return {
      keeper,
      count,
      newName: (kind) =>
        nameOf(keeper.shared.session, thread, Atomics.add(views.counts, COUNTS.names, 1) >>> 0, kind),
      reserve(bytes) {
        if (writing(views).size + bytes / 1024 > reserve) return false
        count(0, bytes)
        return true
      },
      wait(bytes) {
        if (bytes > 0 && waiting + bytes > MOST_WAITING) return false
        waiting += bytes
        return true
      },
      now: () => clock.wallTime(),
      ended: (writer, stored, reserved) => {
        count(-1, -reserved)
        if (!stored) this.refused()
        this.writers.delete(writer)
        if (this.writers.size > 0) return
        for (const resolve of this.idle) resolve()
        this.idle = []
      },
      failed: (error) => this.failed(error),
    }
  }

  private refused(): void {
    Atomics.add(this.views.counts, COUNTS.refused, 1)
  }

  private failed(error: unknown): void {
    if (codeOf(error) === 'ENOENT') this.mend()
    Atomics.add(this.views.counts, COUNTS.errors, 1)
    this.onError(error)
  }

  /** Somebody has removed folders of a cache in use: what comes next is stored again. */
  private mend(): void {
    try {
      makeFolders(this.keeper.shared.root)
    } catch {
      // What is wrong with them is told by the error that led here.
    }
  }
}
