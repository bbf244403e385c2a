import { type Body, WholeBody } from '../../../message/body.ts'
import type { StoredEntry, StoredHead } from '../store.ts'

/** Where an entry stands in Redis, and as of when. */
export interface RedisPlace {
  readonly id: string
  readonly variant: string
  /** The purges that there had been when it was found. */
  readonly since: number
}

/** An entry that was read, with all of its content: whatever becomes of Redis, its body goes on. */
export class RedisEntry implements StoredEntry {
  readonly head: StoredHead
  readonly place: RedisPlace
  readonly length: number
  private readonly content: WholeBody

  constructor(head: StoredHead, place: RedisPlace, content: Buffer) {
    this.head = head
    this.place = place
    this.content = WholeBody.fromBytes(content)
    this.length = content.byteLength
  }

  open(first: number = 0, last: number = this.length - 1): Body {
    if (first === 0 && last === this.length - 1) return this.content
    return WholeBody.fromBytes(this.content.bytes.subarray(first, last + 1))
  }

  release(): void {}
}
