import { isSamePlace } from '../same-place.ts'
import { isSelected } from '../selected.ts'
import type { Selection } from '../store.ts'
import { GhostKeys } from './ghost-keys.ts'
import type { DiskRecord, IndexedRecord } from './disk-record.ts'
import { RecordQueue } from './record-queue.ts'

/** The part of the room for what was not asked for again yet. */
const SMALL = 0.1

/**
 * All entries on disk, by key and by URL, with what decides which of them stay: S3-FIFO, as in memory. What is new waits in a
 * small queue, from which only what was asked for again gets into the large one.
 */
export class DiskIndex {
  bytes = 0
  entries = 0
  evictions = 0
  private readonly keys = new Map<string, readonly IndexedRecord[]>()
  private readonly urls = new Map<string, Set<string>>()
  private readonly small = new RecordQueue()
  private readonly main = new RecordQueue()
  private readonly ghosts: GhostKeys
  private readonly maxBytes: number
  private readonly maxEntries: number
  /** Told of each that leaves, with whether another record has its content now. */
  private readonly gone: (record: DiskRecord, keepsBody: boolean) => void

  constructor(maxBytes: number, maxEntries: number, gone: (record: DiskRecord, keepsBody: boolean) => void) {
    this.maxBytes = maxBytes
    this.maxEntries = maxEntries
    this.ghosts = new GhostKeys(maxEntries)
    this.gone = gone
  }

  /** Those of a key, the newest first. They count as asked for. */
  find(hash: string): readonly IndexedRecord[] {
    const found = this.keys.get(hash) ?? NONE
    for (const record of found) if (record.reads < 3) record.reads++
    return found
  }

  /** Whether its place has one that was written later. */
  hasNewer(record: DiskRecord): boolean {
    return (this.keys.get(record.hash) ?? NONE).some(
      (each) => isSamePlace(each, record) && each.writtenAt >= record.writtenAt,
    )
  }

  /** Takes the place of those of the same variant and part, and of the one that it was made of. */
  add(given: DiskRecord, madeOf?: IndexedRecord): void {
    const known = this.keys.get(given.hash) ?? NONE
    const replaced = known.filter((each) => each === madeOf || isSamePlace(each, given))
    const before = replaced[0]
    const waits = before?.waits ?? (this.ghosts.has(given.hash) ? 'main' : 'small')
    for (const each of replaced) this.remove(each, each.body !== '' && each.body === given.body)
    const record = { ...given, reads: before?.reads ?? 0, waits, older: undefined, newer: undefined }
    this[waits].append(record)
    this.keys.set(given.hash, [record, ...(this.keys.get(given.hash) ?? NONE)])
    this.entries++
    this.bytes += record.bytes
    const hashes = this.urls.get(given.url)
    if (hashes === undefined) this.urls.set(given.url, new Set([given.hash]))
    else hashes.add(given.hash)
    this.evict()
  }

  /** The names of all files. */
  names(): Set<string> {
    const names = new Set<string>()
    for (const records of this.keys.values()) for (const { file, body } of records) names.add(file).add(body)
    return names
  }

  /** The record of that file. */
  get(hash: string, file: string): IndexedRecord | undefined {
    return this.keys.get(hash)?.find((each) => each.file === file)
  }

  remove(record: IndexedRecord, keepsBody = false): void {
    const { hash, url } = record
    const left = (this.keys.get(hash) ?? NONE).filter((each) => each !== record)
    if (left.length > 0) this.keys.set(hash, left)
    else {
      this.keys.delete(hash)
      const hashes = this.urls.get(url)
      hashes?.delete(hash)
      if (hashes?.size === 0) this.urls.delete(url)
    }
    this[record.waits].take(record)
    this.entries--
    this.bytes -= record.bytes
    this.gone(record, keepsBody)
  }

  /** @param selection by key: by its hash */
  select(selection: Selection): IndexedRecord[] {
    const selected: IndexedRecord[] = []
    for (const hash of this.candidates(selection))
      for (const record of this.keys.get(hash) ?? NONE)
        if (isSelected(selection, { text: hash }, record)) selected.push(record)
    return selected
  }

  private candidates(selection: Selection): Iterable<string> {
    if (selection.by === 'key') return [selection.key.text]
    if (selection.by === 'url') return this.urls.get(selection.value) ?? []
    return this.keys.keys()
  }

  private evict(): void {
    const { small, main } = this
    while (this.bytes > this.maxBytes || this.entries > this.maxEntries) {
      const isFull = small.bytes > this.maxBytes * SMALL || small.length > this.maxEntries * SMALL
      const fromSmall = main.oldest === undefined || (isFull && small.length > 1)
      const queue = fromSmall ? small : main
      const record = queue.oldest
      if (record === undefined) return
      if (record.reads <= (fromSmall ? 1 : 0)) this.drop(record)
      else {
        queue.take(record)
        record.reads = fromSmall ? 0 : record.reads - 1
        record.waits = 'main'
        main.append(record)
      }
    }
  }

  private drop(record: IndexedRecord): void {
    if (record.waits === 'small') this.ghosts.add(record.hash)
    this.evictions++
    this.remove(record)
  }
}

const NONE: readonly IndexedRecord[] = []
