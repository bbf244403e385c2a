import type { CacheKey, EntryWriter, StoredHead } from '../store.ts'

/** What a writer needs of its store. */
export interface RedisWriterOwner {
  /** Asks for room to hold so many bytes more until the commit; negative gives it back. */
  hold(bytes: number): boolean
  refused(): void
  put(key: CacheKey, head: StoredHead, content: Buffer, since: number): Promise<boolean>
}

/** What there is to store, and since when it may be. */
export interface Writing {
  readonly key: CacheKey
  readonly head: StoredHead
  /** Bytes, where announced. */
  readonly length: number | undefined
  readonly since: number
  /** The most bytes. */
  readonly limit: number
}

/** Holds a response until all of it is there: what Redis is given is complete. */
export class RedisWriter implements EntryWriter {
  private readonly owner: RedisWriterOwner
  private readonly writing: Writing
  private chunks: Uint8Array[] = []
  private size = 0
  private over = false

  constructor(owner: RedisWriterOwner, writing: Writing) {
    this.owner = owner
    this.writing = writing
  }

  write(chunk: Uint8Array): boolean {
    if (this.over) return false
    if (this.size + chunk.byteLength > this.writing.limit || !this.owner.hold(chunk.byteLength)) {
      this.abort()
      return false
    }
    this.size += chunk.byteLength
    this.chunks.push(new Uint8Array(chunk))
    return true
  }

  async commit(): Promise<boolean> {
    if (this.over) return false
    const { key, head, length, since } = this.writing
    if (length !== undefined && length !== this.size) {
      this.abort()
      return false
    }
    this.over = true
    try {
      return await this.owner.put(key, head, Buffer.concat(this.chunks), since)
    } finally {
      this.finish()
    }
  }

  abort(): void {
    if (this.over) return
    this.over = true
    this.finish()
    this.owner.refused()
  }

  private finish(): void {
    this.owner.hold(-this.size)
    this.chunks = []
  }
}
