import { appendFile } from 'node:fs/promises'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { isSelected } from '../selected.ts'
import type { CacheKey, Selection, StoredHead } from '../store.ts'
import { codeOf } from './disk-error.ts'

interface RecordedPurge {
  readonly number: number
  readonly selection: Selection
  readonly how: 'hard' | 'soft'
  readonly now: number
}

/** Lines after which the file is written anew, with those that still matter. */
const MOST = 512

/**
 * The purges that entries on disk may not know of: files are removed after a purge was answered, and those that it marks as stale stay
 * as they are. Entries have the number of the last purge before them, so that an index which is made anew leaves out what was purged.
 */
export class PurgeRecord {
  /** The number of the last one. */
  last = 0
  private readonly path: string
  private purges: RecordedPurge[] = []
  private lines = 0
  /** Purges up to this one are forgotten: what was there before them is stale. */
  private floor = 0
  private floorAt = 0
  private writing: Promise<void> = Promise.resolve()

  /** Reads what there is; a line that was not written whole was not answered. */
  constructor(path: string) {
    this.path = path
    for (const line of linesOf(path)) this.read(line)
    this.rewrite()
  }

  /** Resolves when it holds, whatever becomes of this process. */
  add(selection: Selection, how: 'hard' | 'soft', now: number): Promise<void> {
    const purge = { number: ++this.last, selection, how, now }
    this.purges.push(purge)
    const line = `${JSON.stringify(purge)}\n`
    const write = async (): Promise<void> => {
      if (++this.lines > MOST) this.rewrite()
      else await appendFile(this.path, line, { mode: 0o600 })
    }
    const written = this.writing.then(write, write)
    this.writing = written.catch(() => undefined)
    return written
  }

  /** All that was to be removed up to that purge is. */
  removed(number: number): void {
    this.purges = this.purges.filter((each) => each.how === 'soft' || each.number > number)
  }

  /** What the purges after `purges` leave of an entry: stale since when, or `'hard'`. */
  since(
    purges: number,
    key: CacheKey,
    head: Pick<StoredHead, 'url' | 'route' | 'tags' | 'groups' | 'staleSince'>,
  ): number | 'hard' | undefined {
    let stale = head.staleSince ?? (purges < this.floor ? this.floorAt : undefined)
    for (const { number, selection, how, now } of this.purges) {
      if (number <= purges || !isSelected(selection, key, head)) continue
      if (how === 'hard') return 'hard'
      stale ??= now
    }
    return stale
  }

  private read(line: string): void {
    const read = parsed(line)
    if (read === undefined) return
    this.last = Math.max(this.last, read.number)
    if (read.how === 'hard' || read.how === 'soft') this.purges.push(read as RecordedPurge) // written by `add`
    if (read.how !== 'forgotten') return
    this.floor = read.number
    this.floorAt = read.now
  }

  private rewrite(): void {
    const soft = this.purges.filter(({ how }) => how === 'soft')
    const old = soft[soft.length - MOST / 2 - 1]
    if (old !== undefined) {
      this.floor = old.number
      this.floorAt = old.now
      this.purges = this.purges.filter(({ how, number }) => how === 'hard' || number > old.number)
    }
    const lines = [
      { number: this.last, how: 'last', now: 0 },
      ...(this.floor > 0 ? [{ number: this.floor, how: 'forgotten', now: this.floorAt }] : []),
      ...this.purges,
    ]
    this.lines = lines.length
    writeFileSync(`${this.path}.new`, lines.map((each) => `${JSON.stringify(each)}\n`).join(''), {
      mode: 0o600,
    })
    renameSync(`${this.path}.new`, this.path)
  }
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

function parsed(
  line: string,
): { readonly number: number; readonly how?: string; readonly now: number } | undefined {
  try {
    const read: unknown = JSON.parse(line)
    if (typeof read !== 'object' || read === null) return undefined
    const { number, how, now } = read as Partial<RecordedPurge>
    return typeof number === 'number' && typeof now === 'number'
      ? { ...read, number, now, ...(how !== undefined && { how }) }
      : undefined
  } catch {
    return undefined
  }
}
