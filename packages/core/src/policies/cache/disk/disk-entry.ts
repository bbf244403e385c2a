import { type Body, WholeBody } from '../../../message/body.ts'
import type { StoredEntry, StoredHead } from '../store.ts'
import { DiskBody } from './disk-body.ts'
import type { DiskContent } from './disk-content.ts'
import type { EntryFile } from './entry-file.ts'

/** An entry as it was read: with small content, or the open file of a large one. */
export class DiskEntry implements StoredEntry {
  readonly head: StoredHead
  readonly length: number
  readonly hash: string
  /** The name of its file. */
  readonly file: string
  readonly said: EntryFile
  private readonly content: WholeBody | DiskContent
  private released = false

  constructor(
    hash: string,
    file: string,
    said: EntryFile,
    head: StoredHead,
    content: WholeBody | DiskContent,
  ) {
    this.hash = hash
    this.file = file
    this.said = said
    this.head = head
    this.length = said.length
    this.content = content
  }

  /** Content that is in the file of the entry. */
  get inline(): Uint8Array | undefined {
    return this.content instanceof WholeBody ? this.content.bytes : undefined
  }

  open(first: number = 0, last: number = this.length - 1): Body {
    const { content } = this
    if (!(content instanceof WholeBody)) return new DiskBody(content, first, last - first + 1)
    if (first === 0 && last === this.length - 1) return content
    return WholeBody.fromBytes(content.bytes.subarray(first, last + 1))
  }

  release(): void {
    if (this.released) return
    this.released = true
    if (!(this.content instanceof WholeBody)) this.content.letGo()
  }
}
