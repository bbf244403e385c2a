import type { EntryWriter, MaybePromise } from './store.ts'

/** Told what a store has thrown or rejected with, where nothing else comes of it. */
export type Report = (error: unknown) => void

/** Whom a writer to two stores tells. */
export interface TwinOwner {
  readonly report: Report
  /** The one behind has it, and the first one does not. */
  readonly onlyBehind: () => void
}

/** Writes to two stores what is on its way: what one of them gives up goes on into the other. */
export class TwinWriter implements EntryWriter {
  private front: EntryWriter | undefined
  private behind: EntryWriter | undefined
  private readonly owner: TwinOwner

  constructor(front: EntryWriter | undefined, behind: EntryWriter | undefined, owner: TwinOwner) {
    this.front = front
    this.behind = behind
    this.owner = owner
  }

  write(chunk: Uint8Array): boolean {
    if (this.front !== undefined && !this.front.write(chunk)) this.front = undefined
    if (this.behind !== undefined && !this.writesBehind(this.behind, chunk)) this.behind = undefined
    return this.front !== undefined || this.behind !== undefined
  }

  /** What the first one has taken is found at once: nobody waits for the one behind. */
  commit(): MaybePromise<boolean> {
    const { front, behind } = this
    this.front = undefined
    this.behind = undefined
    const kept = behind === undefined ? false : this.commitBehind(behind)
    const taken = front === undefined ? false : front.commit()
    if (taken instanceof Promise) return taken.then((stored) => stored || this.keptBehind(kept))
    return taken || this.keptBehind(kept)
  }

  private keptBehind(kept: MaybePromise<boolean>): MaybePromise<boolean> {
    if (kept instanceof Promise) return kept.then((stored) => this.keptBehind(stored))
    if (kept) this.owner.onlyBehind()
    return kept
  }

  abort(): void {
    const { front, behind } = this
    this.front = undefined
    this.behind = undefined
    try {
      behind?.abort()
    } catch (error) {
      this.owner.report(error)
    }
    front?.abort()
  }

  private writesBehind(behind: EntryWriter, chunk: Uint8Array): boolean {
    try {
      return behind.write(chunk)
    } catch (error) {
      this.owner.report(error)
      return false
    }
  }

  private commitBehind(behind: EntryWriter): MaybePromise<boolean> {
    try {
      const kept = behind.commit()
      return kept instanceof Promise ? kept.catch((error: unknown) => this.failed(error)) : kept
    } catch (error) {
      return this.failed(error)
    }
  }

  private failed(error: unknown): false {
    this.owner.report(error)
    return false
  }
}
