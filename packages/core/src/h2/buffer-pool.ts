/** Room for four of the largest frames, or some hundreds of small ones. Bytes. */
export const BUFFER_SIZE: number = 64 * 1024
/** 8 MiB a thread. */
const MOST_KEPT = 128

/** Buffers that frames are written into: taken when something is to be written, and given back when that has left. */
export class BufferPool {
  private readonly free: Buffer[] = []

  take(): Buffer {
    return this.free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_SIZE)
  }

  give(buffer: Buffer): void {
    if (this.free.length < MOST_KEPT) this.free.push(buffer)
  }
}
