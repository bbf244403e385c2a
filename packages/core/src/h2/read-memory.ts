import { copyOf } from '../message/copy-of.ts'

/** Whose the memory of a read is: most of it is read into again, and what is passed on may go on holding it. */
export class ReadMemory {
  /** Streams whose content is passed on as it comes. */
  private flowing = 0
  private isOwned = false
  /** Whether something that was taken of the present read is still in use. */
  isKept = false

  /** Whether content is passed on rather than looked at: reads then go into memory that can be handed over. */
  get streaming(): boolean {
    return this.flowing > 0
  }

  /** A read is looked at. @param owned whether its memory is not read into again */
  begin(owned: boolean): void {
    this.isOwned = owned
    this.isKept = false
  }

  /** Content of a stream is passed on as it comes, until `contentEnds`. */
  contentBegins(): void {
    this.flowing++
  }

  contentEnds(): void {
    this.flowing--
  }

  /** Bytes of the read, for whoever goes on holding them: copied if their memory is used again. */
  take(bytes: Buffer, start: number, end: number): Buffer {
    return this.isOwned ? bytes.subarray(start, end) : copyOf(bytes, start, end)
  }

  /** What was taken of the present read is still in use. */
  keep(): void {
    this.isKept = true
  }
}
