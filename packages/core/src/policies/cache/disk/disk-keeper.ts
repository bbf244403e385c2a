import type { CacheKey, MaybePromise, Selection } from '../store.ts'
import { bytesOnDisk } from './disk-files.ts'
import type { DiskRecord } from './disk-record.ts'
import type { DiskShared } from './disk-shared.ts'
import type { EntryFile } from './entry-file.ts'

/** An entry that is about to be found. */
export interface NewRecord extends DiskRecord {
  /** The moment since which purges concern it. */
  readonly since: number
}

/** What tells whether it was purged meanwhile. */
export type PurgedRecord = Pick<
  NewRecord,
  'hash' | 'url' | 'route' | 'tags' | 'groups' | 'staleSince' | 'since'
>

/** What is known of an entry before its file is read. */
export interface FoundRecord {
  readonly file: string
  readonly size: number
  readonly staleSince: number | undefined
}

/** Who has the index of a cache on disk: in the same thread, or asked by message. */
export interface DiskKeeper {
  readonly shared: DiskShared
  find(hash: string): MaybePromise<readonly FoundRecord[]>
  /**
   * From now on it is found.
   * @param instead the file of an entry that it takes the place of, with the same content: without that one it is not taken
   * @returns false if it was purged meanwhile: its files are of no use then
   */
  add(record: NewRecord, instead?: string): MaybePromise<boolean>
  /** Whether no purge since then has removed it. */
  stands(record: PurgedRecord): MaybePromise<boolean>
  /** @returns false if it is gone already */
  drop(hash: string, file: string): MaybePromise<boolean>
  /** @param selection by key: by its hash */
  purge(selection: Selection, how: 'hard' | 'soft', now: number): MaybePromise<number>
  close(): Promise<void>
}

/** The record of an entry. @param size of its file, in bytes */
export function recordOf(
  hash: string,
  file: string,
  size: number,
  { head, body, length, writtenAt }: EntryFile,
): DiskRecord {
  const { variant, range, url, route, tags, groups, receivedAt, staleSince } = head
  const bytes = bytesOnDisk(size) + (body === '' ? 0 : bytesOnDisk(length))
  const place = { hash, variant, range, url, route, tags, groups, receivedAt, staleSince }
  return { ...place, file, body, size, bytes, writtenAt }
}

/** As the index has keys. */
export function asKey(hash: string): CacheKey {
  return { text: hash }
}
