import type { FileHandle } from 'node:fs/promises'
import { readAt } from './disk-files.ts'
import { CHUNK, sumOf } from './entry-file.ts'

/** Content in a file of its own, which stays open, and so on disk, as long as somebody reads it. */
export class DiskContent {
  readonly length: number
  readonly sums: readonly number[]
  private readonly file: FileHandle
  private readonly damaged: (error: unknown) => void
  private holds = 1

  /** @param damaged told when it is not what was written */
  constructor(file: FileHandle, length: number, sums: readonly number[], damaged: (error: unknown) => void) {
    this.file = file
    this.length = length
    this.sums = sums
    this.damaged = damaged
  }

  hold(): void {
    this.holds++
  }

  letGo(): void {
    if (--this.holds === 0) this.file.close().catch(this.damaged)
  }

  /**
   * Chunks from one on, checked.
   * @param target with room for whole chunks, or for the last one
   * @throws Error if they are not what was written
   */
  async read(chunk: number, target: Buffer): Promise<void> {
    try {
      const length = await readAt(this.file, target, chunk * CHUNK)
      if (length < target.length) throw new Error('a file of the cache is shorter than it was')
      for (let at = 0, index = chunk; at < target.length; at += CHUNK, index++)
        if (sumOf(target.subarray(at, at + CHUNK)) !== this.sums[index])
          throw new Error('a file of the cache is not what was written')
    } catch (error) {
      this.damaged(error)
      throw error
    }
  }
}
