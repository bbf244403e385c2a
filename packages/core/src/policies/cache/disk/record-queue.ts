import type { IndexedRecord } from './disk-record.ts'

/** Records in the order in which they came. */
export class RecordQueue {
  length = 0
  bytes = 0
  oldest: IndexedRecord | undefined
  private newest: IndexedRecord | undefined

  append(record: IndexedRecord): void {
    record.older = this.newest
    record.newer = undefined
    if (this.newest === undefined) this.oldest = record
    else this.newest.newer = record
    this.newest = record
    this.length++
    this.bytes += record.bytes
  }

  take(record: IndexedRecord): void {
    if (record.older === undefined) this.oldest = record.newer
    else record.older.newer = record.newer
    if (record.newer === undefined) this.newest = record.older
    else record.newer.older = record.older
    this.length--
    this.bytes -= record.bytes
  }
}
