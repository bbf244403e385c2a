import { type Body, EMPTY_BODY, WholeBody } from '../../../message/body.ts'
import type { StoredEntry, StoredHead } from '../store.ts'

/** Where a response is found again: its number is its own within the shard. */
export interface EntryPlace {
  readonly memory: SharedArrayBuffer
  readonly shard: number
  readonly id: number
}

/** How large content is had: by who holds it. */
export interface LargeContent {
  open(begin: number, length: number): Body
  /** The entry needs it no more; bodies that were opened may. */
  release(): void
}

/** A stored response, as a reader has it: head and small content were copied out when it was found. */
export class MemoryEntry implements StoredEntry {
  readonly place: EntryPlace
  readonly length: number
  private readonly staleSince: number | undefined
  private readonly content: WholeBody | LargeContent
  private readonly readHead: () => StoredHead
  private known: StoredHead | undefined
  private released = false

  /**
   * @param known the head, where it was read before; its staleness is told beside it, since that may have come since
   * @param readHead for any other
   */
  constructor(
    place: EntryPlace,
    length: number,
    staleSince: number | undefined,
    content: WholeBody | LargeContent,
    known: StoredHead | undefined,
    readHead: () => StoredHead,
  ) {
    this.place = place
    this.length = length
    this.staleSince = staleSince
    this.content = content
    this.known = known && withStaleness(known, staleSince)
    this.readHead = readHead
  }

  /** Read when it is asked for. @throws TypeError if another version of Headgate wrote it */
  get head(): StoredHead {
    return (this.known ??= withStaleness(this.readHead(), this.staleSince))
  }

  open(first: number = 0, last: number = this.length - 1): Body {
    if (!(this.content instanceof WholeBody)) return this.content.open(first, last + 1 - first)
    if (this.length === 0) return EMPTY_BODY
    if (first > 0 || last < this.length - 1)
      return WholeBody.fromBytes(this.content.bytes.subarray(first, last + 1))
    return this.content
  }

  release(): void {
    if (this.released) return
    this.released = true
    if (!(this.content instanceof WholeBody)) this.content.release()
  }
}

function withStaleness(head: StoredHead, staleSince: number | undefined): StoredHead {
  return staleSince === head.staleSince ? head : { ...head, staleSince }
}
