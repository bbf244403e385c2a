import type { StoredHead } from '../store.ts'

/** What the index knows of an entry: all that purges and eviction go by. The rest is in its file. */
export interface DiskRecord {
  /** The names of its files; the second is empty where the content is in the first. */
  readonly file: string
  readonly body: string
  readonly hash: string
  readonly variant: string
  readonly range: StoredHead['range']
  readonly url: string
  readonly route: string
  readonly tags: readonly string[]
  readonly groups: readonly string[]
  /** Of the file that is read first. */
  readonly size: number
  /** What it takes on disk. */
  readonly bytes: number
  readonly receivedAt: number
  readonly writtenAt: number
  readonly staleSince: number | undefined
}

/** A record in its place. */
export interface IndexedRecord extends DiskRecord {
  staleSince: number | undefined
  /** How often it was asked for since it was last looked at: 3 at most. */
  reads: number
  /** Which queue it is in. */
  waits: 'small' | 'main'
  older: IndexedRecord | undefined
  newer: IndexedRecord | undefined
}
