import { decodeHead } from '../head-codec.ts'
import type { StoredHead } from '../store.ts'

/** So many heads are kept, and up to as many of those before. */
const KEPT = 512

/**
 * The heads that this thread read last, since to read one takes as long as all the rest of a hit. They are by the number
 * of their record, which is new with each head.
 */
export class RecentHeads {
  private present = new Map<number, StoredHead>()
  private past = new Map<number, StoredHead>()

  find(record: number): StoredHead | undefined {
    const head = this.present.get(record)
    if (head !== undefined) return head
    const past = this.past.get(record)
    if (past !== undefined) this.keep(record, past)
    return past
  }

  /** @throws TypeError if another version of Headgate wrote it */
  read(record: number, text: string): StoredHead {
    const head = decodeHead(text)
    if (head === undefined) throw new TypeError('the head of a stored response cannot be read')
    this.keep(record, head)
    return head
  }

  private keep(record: number, head: StoredHead): void {
    if (this.present.size >= KEPT) {
      this.past = this.present
      this.present = new Map()
    }
    this.present.set(record, head)
  }
}
