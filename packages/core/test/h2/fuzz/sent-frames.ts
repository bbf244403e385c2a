/** Reads what a client of nghttp2 sends: resets, its end, and the blocks of its requests. */
export class SentFrames {
  goaway: number | undefined
  readonly blocks: Buffer[] = []
  /** How many blocks there were when our SETTINGS were acknowledged. */
  limitedFrom = 0
  private skip: number
  private readonly reset: (stream: number, code: number) => void
  private rest: Buffer = Buffer.alloc(0)

  /** @param skip bytes that come first and are no frames */
  constructor(skip: number, reset: (stream: number, code: number) => void) {
    this.skip = skip
    this.reset = reset
  }

  /** Whether the answer to a PING has come. */
  take(bytes: Buffer): boolean {
    const skipped = Math.min(this.skip, bytes.length)
    this.skip -= skipped
    const more = bytes.subarray(skipped)
    const all = this.rest.length === 0 ? more : Buffer.concat([this.rest, more])
    let answered = false
    let at = 0
    while (all.length - at >= 9) {
      const end = at + 9 + all.readUIntBE(at, 3)
      if (all.length < end) break
      if (this.frame(all[at + 3] ?? 0, all.readUInt32BE(at + 5), all.subarray(at + 9, end))) {
        answered ||= ((all[at + 4] ?? 0) & 1) === 1
      }
      at = end
    }
    this.rest = all.subarray(at)
    return answered
  }

  /** Whether it is a PING. */
  private frame(type: number, stream: number, payload: Buffer): boolean {
    if (type === 1) this.blocks.push(Buffer.from(payload))
    else if (type === 3) this.reset(stream, payload.readUInt32BE(0))
    else if (type === 7) this.goaway = payload.readUInt32BE(4)
    // It acknowledges ours behind its own.
    else if (type === 4 && payload.length === 0) this.limitedFrom = this.blocks.length
    return type === 6
  }
}
