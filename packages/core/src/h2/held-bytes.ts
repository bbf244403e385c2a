/** Bytes that wait, joined as they come: many small frames take no more memory than what is in them. */
export class HeldBytes {
  length = 0
  private bytes: Buffer | undefined

  add(bytes: Buffer, start: number, end: number): void {
    const length = this.length + end - start
    if (this.bytes === undefined || length > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.length))
      this.bytes?.copy(larger, 0, 0, this.length)
      this.bytes = larger
    }
    bytes.copy(this.bytes, this.length, start, end)
    this.length = length
  }

  /** All of them, for whoever goes on holding them. */
  take(): Buffer {
    const taken = this.bytes?.subarray(0, this.length) ?? NOTHING
    this.bytes = undefined
    this.length = 0
    return taken
  }
}

const NOTHING = Buffer.alloc(0)
