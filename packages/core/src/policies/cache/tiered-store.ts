import type { Body } from '../../message/body.ts'
import { TrafficError } from '../../message/errors.ts'
import { own } from '../../message/own-options.ts'
import type { FetchClaims } from './claims.ts'
import { EntryBehind, type TakeForward, WriterForward } from './entry-behind.ts'
import { MomentPairs } from './moments.ts'
import { isSamePlace } from './same-place.ts'
import type {
  CacheKey,
  CacheStore,
  EntryWriter,
  MaybePromise,
  Selection,
  StoredEntry,
  StoredHead,
  StoreStats,
} from './store.ts'
import { putWhole, StoringBody } from './storing-body.ts'
import { type Report, TwinWriter } from './twin-writer.ts'

/** Options of `TieredStore`. */
export interface TieredStoreOptions {
  /** What the one behind is called in Cache-Status: a token. Default `behind`. */
  readonly name?: string | undefined
  /** Told what the one behind throws or rejects with, where nothing else comes of it. */
  readonly onError?: Report | undefined
}

/** Bytes of content that are brought forward when they are found: what is larger is, when all of it is read. */
const AT_ONCE = 64 * 1024

/**
 * A fast store, and a larger or a lasting one behind it. What the first does not have is looked for behind, and brought forward
 * while it is read; writes and purges go to both. An error of the one behind breaks nothing: it is as if it had nothing. Only a
 * purge rejects by it, after both were asked: who purges must not take it for done.
 */
export class TieredStore implements CacheStore {
  readonly front: CacheStore
  readonly behind: CacheStore
  private readonly name: string
  private readonly report: Report
  private readonly moments = new MomentPairs()
  /** What is on its way forward: once each, however many read it. */
  private readonly coming = new Set<string>()

  constructor(front: CacheStore, behind: CacheStore, given: TieredStoreOptions = {}) {
    const { name, onError } = own(given)
    this.front = front
    this.behind = behind
    this.name = name ?? 'behind'
    this.report = onError ?? (() => undefined)
  }

  /** Those of who shares the one in front: what is behind may be of other machines. */
  get claims(): FetchClaims | undefined {
    return this.front.claims
  }

  find(key: CacheKey): MaybePromise<readonly StoredEntry[]> {
    const found = this.front.find(key)
    if (found instanceof Promise) return found.then((list) => (list.length > 0 ? list : this.findBehind(key)))
    return found.length > 0 ? found : this.findBehind(key)
  }

  findMore(key: CacheKey, known: readonly StoredEntry[]): MaybePromise<readonly StoredEntry[]> {
    const near = this.front.findMore?.(key, known) ?? NONE
    // What was found here last is all that there is here.
    if (known.some((each) => each instanceof EntryBehind && each.store === this.behind)) return near
    if (near instanceof Promise) return near.then((list) => this.andBehind(key, known, list))
    return this.andBehind(key, known, near)
  }

  private andBehind(
    key: CacheKey,
    known: readonly StoredEntry[],
    near: readonly StoredEntry[],
  ): MaybePromise<readonly StoredEntry[]> {
    const far = this.findBehind(key, [...known, ...near])
    return far instanceof Promise ? far.then((list) => [...near, ...list]) : [...near, ...far]
  }

  /** @param known what is found already: it is not brought forward */
  private findBehind(
    key: CacheKey,
    known: readonly StoredEntry[] = NONE,
  ): MaybePromise<readonly StoredEntry[]> {
    // What is purged from now on is not brought forward.
    const since = this.front.moment()
    const take: TakeForward = (entry, body) => this.takeForward(key, entry, body, since)
    const wrap = (found: readonly StoredEntry[]): readonly StoredEntry[] =>
      found.length === 0 ? NONE : without(found, known).map((each) => this.wrap(each, take))
    const found = this.safely(() => this.behind.find(key), NONE)
    if (!(found instanceof Promise)) return wrap(found)
    return found.then(wrap, (error: unknown) => {
      this.report(error)
      return NONE
    })
  }

  moment(): number {
    const behind = this.safely(() => this.behind.moment(), undefined)
    return this.moments.numberOf({ front: this.front.moment(), behind })
  }

  begin(key: CacheKey, head: StoredHead, length: number | undefined, since: number): EntryWriter | undefined {
    const moments = this.moments.of(since)
    if (moments === undefined) return undefined
    const momentBehind = moments.behind
    const front = this.front.begin(key, head, length, moments.front)
    if (momentBehind === undefined) return front
    const behind = this.safely(() => this.behind.begin(key, head, length, momentBehind), undefined)
    if (behind === undefined) return front
    return new TwinWriter(front, behind, { report: this.report, onlyBehind: () => this.uncover(key, head) })
  }

  update(key: CacheKey, entry: StoredEntry, head: StoredHead): Promise<boolean> {
    // A head over content that was replaced there meanwhile would make one response of two.
    const isIt = (other: StoredEntry): boolean =>
      isSamePlace(other.head, entry.head) &&
      other.head.receivedAt === entry.head.receivedAt &&
      other.length === entry.length
    return this.change(key, entry, isIt, (store, each) => store.update(key, each, head))
  }

  remove(key: CacheKey, entry: StoredEntry): Promise<boolean> {
    const isIt = (other: StoredEntry): boolean =>
      isSamePlace(other.head, entry.head) && other.head.receivedAt <= entry.head.receivedAt
    return this.change(key, entry, isIt, (store, each) => store.remove(key, each))
  }

  /**
   * The one behind is purged first: what was found there before is refused by the first, which is purged after that.
   * @returns the larger of two numbers, as most of what one has the other has as well
   */
  purge(selection: Selection, how: 'hard' | 'soft', now: number): MaybePromise<number> {
    const front = (): MaybePromise<number> => this.front.purge(selection, how, now)
    let behind: MaybePromise<number>
    try {
      behind = this.behind.purge(selection, how, now)
    } catch (error) {
      behind = Promise.reject(error)
    }
    if (behind instanceof Promise) return purgeAfter(behind, front)
    const count = front()
    return count instanceof Promise ? purgeAfter(behind, () => count) : Math.max(count, behind)
  }

  /** Bytes are those of both; of all else the larger number, as most of what one has the other has as well. */
  stats(): StoreStats {
    const front = this.front.stats()
    const behind = this.safely(() => this.behind.stats(), front)
    return {
      entries: Math.max(front.entries, behind.entries),
      bytes: front.bytes + behind.bytes,
      capacity: front.capacity + behind.capacity,
      admitted: Math.max(front.admitted, behind.admitted),
      refused: Math.max(front.refused, behind.refused),
      evictions: Math.max(front.evictions, behind.evictions),
    }
  }

  async close(): Promise<void> {
    try {
      await this.behind.close()
    } finally {
      await this.front.close()
    }
  }

  private wrap(inner: StoredEntry, take: TakeForward): EntryBehind {
    const entry = new EntryBehind(inner, this.behind, this.name, take)
    if (entry.length > AT_ONCE) return entry
    this.safely(() => {
      const body = entry.open()
      if (body.whole === undefined) body.cancel(new TrafficError('cancelled', 'it is read later'))
    }, undefined)
    return entry
  }

  private takeForward(key: CacheKey, entry: EntryBehind, body: Body, since: number): Body {
    const { head, length } = entry
    const name = `${key.text}\n${head.variant}\n${head.range?.first ?? ''}-${head.range?.last ?? ''}`
    if (this.coming.has(name)) return body
    const begun = this.safely(() => this.front.begin(key, head, length, since), undefined)
    if (begun === undefined) return body
    const writer = new WriterForward(begun, () => this.isAhead(key, head))
    const { whole } = body
    if (whole === undefined) {
      this.coming.add(name)
      return new StoringBody(body, writer, () => this.coming.delete(name))
    }
    void this.quietly(async () => putWhole(writer, whole))
    return body
  }

  /** What the first has for the same place is older than what the one behind alone has taken, and would be found in place of it. */
  private uncover(key: CacheKey, head: StoredHead): void {
    void this.quietly(async () => {
      const found = await this.front.find(key)
      const older = found.find(
        (each) => isSamePlace(each.head, head) && each.head.receivedAt < head.receivedAt,
      )
      const done = older !== undefined && (await this.front.remove(key, older))
      for (const each of found) each.release()
      return done
    })
  }

  /** Whether the first has something as new already: what is on its way there is older, then. */
  private isAhead(key: CacheKey, head: StoredHead): MaybePromise<boolean> {
    const isIt = (list: readonly StoredEntry[]): boolean => {
      for (const each of list) each.release()
      return list.some((each) => isSamePlace(each.head, head) && each.head.receivedAt >= head.receivedAt)
    }
    const found = this.front.find(key)
    return found instanceof Promise ? found.then(isIt) : isIt(found)
  }

  /** Changes the entry in the store that it is of, and in the other one what `isIt` tells to be the same. */
  private async change(
    key: CacheKey,
    entry: StoredEntry,
    isIt: (other: StoredEntry) => boolean,
    change: (store: CacheStore, entry: StoredEntry) => MaybePromise<boolean>,
  ): Promise<boolean> {
    const { front, behind } = this
    const alike = async (store: CacheStore): Promise<boolean> => {
      const found = await store.find(key)
      const same = found.find(isIt)
      const done = same !== undefined && (await change(store, same))
      for (const each of found) each.release()
      return done
    }
    if (entry instanceof EntryBehind) {
      const done = await this.quietly(async () => change(behind, entry.inner))
      return (await alike(front)) || done
    }
    const done = await change(front, entry)
    return (await this.quietly(() => alike(behind))) || done
  }

  private safely<Value, Otherwise>(ask: () => Value, otherwise: Otherwise): Value | Otherwise {
    try {
      return ask()
    } catch (error) {
      this.report(error)
      return otherwise
    }
  }

  private async quietly(ask: () => Promise<boolean>): Promise<boolean> {
    try {
      return await ask()
    } catch (error) {
      this.report(error)
      return false
    }
  }
}

const NONE: readonly StoredEntry[] = []

/** Those of what was found that are not known; the others are let go. */
function without(found: readonly StoredEntry[], known: readonly StoredEntry[]): readonly StoredEntry[] {
  return found.filter((each) => {
    const isKnown = known.some(({ head }) => isSamePlace(head, each.head))
    if (isKnown) each.release()
    return !isKnown
  })
}

async function purgeAfter(behind: MaybePromise<number>, front: () => MaybePromise<number>): Promise<number> {
  let count: number
  try {
    count = await behind
  } catch (error) {
    await front()
    throw error
  }
  return Math.max(count, await front())
}
