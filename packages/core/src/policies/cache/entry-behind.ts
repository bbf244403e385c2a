import type { Body } from '../../message/body.ts'
import type { CacheStore, EntryWriter, MaybePromise, StoredEntry, StoredHead } from './store.ts'

/** Takes a body that is read in full, and returns it as it is to be read. */
export type TakeForward = (entry: EntryBehind, body: Body) => Body

/** What was found in the store behind: whoever reads all of it brings it forward. */
export class EntryBehind implements StoredEntry {
  /** As the store behind knows it. */
  readonly inner: StoredEntry
  readonly store: CacheStore
  readonly head: StoredHead
  readonly length: number
  readonly from: string
  private readonly takeForward: TakeForward

  constructor(inner: StoredEntry, store: CacheStore, from: string, takeForward: TakeForward) {
    this.inner = inner
    this.store = store
    this.head = inner.head
    this.length = inner.length
    this.from = inner.from ?? from
    this.takeForward = takeForward
  }

  open(first: number = 0, last: number = this.length - 1): Body {
    const body = this.inner.open(first, last)
    return first === 0 && last === this.length - 1 ? this.takeForward(this, body) : body
  }

  release(): void {
    this.inner.release()
  }
}

/** Writes to the first store what comes from the one behind, unless there is something as new meanwhile. */
export class WriterForward implements EntryWriter {
  private readonly writer: EntryWriter
  private readonly isAhead: () => MaybePromise<boolean>

  constructor(writer: EntryWriter, isAhead: () => MaybePromise<boolean>) {
    this.writer = writer
    this.isAhead = isAhead
  }

  write(chunk: Uint8Array): boolean {
    return this.writer.write(chunk)
  }

  commit(): MaybePromise<boolean> {
    const ahead = this.isAhead()
    return ahead instanceof Promise ? ahead.then((is) => this.end(is)) : this.end(ahead)
  }

  abort(): void {
    this.writer.abort()
  }

  private end(ahead: boolean): MaybePromise<boolean> {
    if (!ahead) return this.writer.commit()
    this.writer.abort()
    return false
  }
}
