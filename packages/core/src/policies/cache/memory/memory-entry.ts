import { type Body, EMPTY_BODY, WholeBody } from '../../../message/body.ts'
import { decodeHead } from '../head-codec.ts'
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
  private readonly headText: string
  private readonly staleSince: number | undefined
  private readonly content: Uint8Array | LargeContent
  private decoded: StoredHead | undefined
  private body: WholeBody | undefined
  private released = false

  constructor(
    place: EntryPlace,
    length: number,
    headText: string,
    staleSince: number | undefined,
    content: Uint8Array | LargeContent,
  ) {
    this.place = place
    this.length = length
    this.headText = headText
    this.staleSince = staleSince
    this.content = content
  }

  /** Read when it is asked for. @throws TypeError if another version of Headgate wrote it */
  get head(): StoredHead {
    return (this.decoded ??= headOf(this.headText, this.staleSince))
  }

  open(first: number = 0, last: number = this.length - 1): Body {
    if (!(this.content instanceof Uint8Array)) return this.content.open(first, last + 1 - first)
    if (this.length === 0) return EMPTY_BODY
    if (first > 0 || last < this.length - 1)
      return WholeBody.fromBytes(this.content.subarray(first, last + 1))
    return (this.body ??= WholeBody.fromBytes(this.content))
  }

  release(): void {
    if (this.released) return
    this.released = true
    if (!(this.content instanceof Uint8Array)) this.content.release()
  }
}

function headOf(text: string, staleSince: number | undefined): StoredHead {
  const head = decodeHead(text)
  if (head === undefined) throw new TypeError('the head of a stored response cannot be read')
  return staleSince === head.staleSince ? head : { ...head, staleSince }
}
