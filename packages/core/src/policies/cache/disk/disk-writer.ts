import { type FileHandle, open } from 'node:fs/promises'
import type { CacheKey, EntryWriter, StoredHead } from '../store.ts'
import { addEntry } from './add-entry.ts'
import { pathOf, removeFile, writeAll } from './disk-files.ts'
import type { DiskKeeper } from './disk-keeper.ts'
import { CHUNK, type EntryFile, sumOf } from './entry-file.ts'

/** What writers of a thread share. */
export interface WriterOwner {
  readonly keeper: DiskKeeper
  /** A name that nothing else has. */
  newName(kind: 'e' | 'b'): string
  /** Room on disk for content that is in no entry yet. @returns false if there is none */
  reserve(bytes: number): boolean
  /** Counts bytes that wait for the disk, up and down. @returns false if these are too many */
  wait(bytes: number): boolean
  /** Counts what this thread is writing, up and down: entries, and bytes of them that are on disk. */
  count(entries: number, bytes: number): void
  now(): number
  /** It is over, with what it has reserved. */
  ended(writer: DiskWriter, stored: boolean, reserved: number): void
  failed(error: unknown): void
}

/** What is told when a writer begins. */
export interface Begun {
  readonly key: CacheKey
  readonly hash: string
  readonly head: StoredHead
  readonly length: number | undefined
  /** The moment before the origin was asked. */
  readonly since: number
  /** The last purge that was recorded when it began. */
  readonly purges: number
  /** Whether there has been a purge between: it may be for this. */
  readonly isLate: boolean
}

/** Writes an entry: content of one chunk into the file of the entry, more into a file of its own, as it comes. */
export class DiskWriter implements EntryWriter {
  private readonly owner: WriterOwner
  private readonly begun: Begun
  private chunk: Buffer | undefined
  /** Bytes in the chunk. */
  private filled = 0
  private size = 0
  private readonly sums: number[] = []
  private body = ''
  private file: FileHandle | undefined
  private waiting = 0
  private reserved = 0
  private writing: Promise<void> = Promise.resolve()
  private over = false

  constructor(owner: WriterOwner, begun: Begun) {
    this.owner = owner
    this.begun = begun
  }

  write(bytes: Uint8Array): boolean {
    if (this.over) return false
    this.size += bytes.byteLength
    if (this.size > (this.begun.length ?? this.owner.keeper.shared.maxObject)) return this.giveUp()
    for (let at = 0; at < bytes.byteLength; ) {
      if (this.filled === CHUNK && !this.flush()) return this.giveUp()
      this.chunk ??= Buffer.allocUnsafeSlow(this.roomFor(bytes.byteLength - at))
      if (this.filled === this.chunk.length) this.chunk = grown(this.chunk)
      const part = bytes.subarray(at, at + this.chunk.length - this.filled)
      this.chunk.set(part, this.filled)
      this.filled += part.byteLength
      at += part.byteLength
    }
    return true
  }

  async commit(): Promise<boolean> {
    if (this.over) return false
    const { length } = this.begun
    if ((length !== undefined && length !== this.size) || (this.body !== '' && !this.flush())) {
      this.giveUp()
      return false
    }
    this.over = true
    const stored = await this.store().catch((error: unknown) => {
      this.owner.failed(error)
      return false
    })
    if (!stored) await this.discard()
    this.owner.ended(this, stored, this.reserved)
    return stored
  }

  abort(): void {
    if (!this.over) this.giveUp()
  }

  private giveUp(): false {
    this.over = true
    this.chunk = undefined
    void this.discard().then(() => this.owner.ended(this, false, this.reserved))
    return false
  }

  /** A chunk on its way to the disk. */
  private flush(): boolean {
    const { chunk, filled } = this
    if (chunk === undefined || filled === 0) return true
    if (!this.owner.reserve(CHUNK)) return false
    this.reserved += CHUNK
    if (!this.owner.wait(filled)) return false
    this.waiting += filled
    this.chunk = undefined
    this.filled = 0
    if (this.body === '') this.body = this.owner.newName('b')
    const bytes = chunk.subarray(0, filled)
    this.sums.push(sumOf(bytes))
    const write = async (): Promise<void> => {
      this.file ??= await open(pathOf(this.owner.keeper.shared.root, this.body), 'wx', 0o600)
      await writeAll(this.file, bytes)
      this.waiting -= filled
      this.owner.wait(-filled)
    }
    this.writing = this.writing.then(write)
    this.writing.catch((error: unknown) => {
      if (this.over) return
      this.owner.failed(error)
      this.giveUp()
    })
    return true
  }

  private async store(): Promise<boolean> {
    const { keeper } = this.owner
    const { key, head, hash, since, purges, isLate } = this.begun
    // If this process ended between its file and its record, what was purged would be found by the next one.
    const { url, route, tags, groups, staleSince } = head
    const purged = { hash, url, route, tags, groups, staleSince, since }
    if (isLate && !(await keeper.stands(purged))) return false
    await this.writing
    await this.close()
    const inline = this.body === '' ? (this.chunk?.subarray(0, this.filled) ?? NOTHING) : undefined
    if (inline !== undefined && inline.length > 0) this.sums.push(sumOf(inline))
    const said: EntryFile = {
      key,
      head,
      length: this.size,
      sums: this.sums,
      body: this.body,
      purges,
      writtenAt: this.owner.now(),
    }
    return addEntry(keeper, { hash, file: this.owner.newName('e'), said, content: inline, since })
  }

  private async discard(): Promise<void> {
    await this.writing.catch(() => undefined)
    // What was not written waits no more.
    this.owner.wait(-this.waiting)
    this.waiting = 0
    await this.close().catch(() => undefined)
    if (this.body !== '') await removeFile(pathOf(this.owner.keeper.shared.root, this.body))
  }

  private async close(): Promise<void> {
    const { file } = this
    this.file = undefined
    await file?.close()
  }

  /** The first chunk is as large as what is announced: most responses are small. */
  private roomFor(bytes: number): number {
    const expected = this.begun.length ?? bytes
    return this.body === '' ? Math.min(CHUNK, Math.max(expected, bytes)) : CHUNK
  }
}

const NOTHING = Buffer.alloc(0)

function grown(chunk: Buffer): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.min(CHUNK, Math.max(1024, chunk.length * 2)))
  larger.set(chunk)
  return larger
}
