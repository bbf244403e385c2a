const FRAME = 0xfd2fb528
/** Any of sixteen numbers marks a frame that is to be skipped (RFC 8878 3.1.2). */
const SKIPPABLE = 0x184d2a50
const LAST_BLOCK = 1
const RLE_BLOCK = 1

type Part = 'magic' | 'skippable' | 'descriptor' | 'block' | 'unknown'

/**
 * Finds where the frames of zstd content end (RFC 8878 3.1): there may be several in a row, and some that are to be skipped. It goes
 * by the headers alone. Content that is no frame is left to the decoder, which says so.
 */
export class ZstdFrames {
  private part: Part = 'magic'
  /** Bytes of the part that is being read, as a number, the first lowest. */
  private value = 0
  private bytes = 0
  private wanted = 4
  /** Bytes to pass over before the next part. */
  private passing = 0
  private checksum = 0
  private ending = false

  /** The chunk in parts, none of which goes on behind a frame's end. */
  split(chunk: Uint8Array): Uint8Array[] {
    const parts: Uint8Array[] = []
    let start = 0
    let at = 0
    while (at < chunk.length && this.part !== 'unknown') {
      if (this.passing > 0) at += this.pass(chunk.length - at)
      else this.take(chunk[at++] as number) // it is within the chunk
      if (!this.ending || this.passing > 0) continue
      this.ending = false
      parts.push(chunk.subarray(start, at))
      start = at
    }
    if (start < chunk.length) parts.push(chunk.subarray(start))
    return parts
  }

  private pass(most: number): number {
    const passed = Math.min(this.passing, most)
    this.passing -= passed
    return passed
  }

  private take(byte: number): void {
    this.value += byte * 2 ** (8 * this.bytes)
    this.bytes++
    if (this.bytes < this.wanted) return
    const { value } = this
    this.value = 0
    this.bytes = 0
    this.read(value)
  }

  private read(value: number): void {
    switch (this.part) {
      case 'magic':
        return this.begin(value)
      case 'skippable':
        return this.end(value)
      case 'descriptor':
        this.checksum = (value & 4) === 0 ? 0 : 4
        this.passing = headerLength(value)
        return this.expect('block', 3)
      case 'block':
        return this.block(value)
      case 'unknown':
    }
  }

  private begin(magic: number): void {
    if (magic === FRAME) this.expect('descriptor', 1)
    else if (magic - (magic % 16) === SKIPPABLE) this.expect('skippable', 4)
    else this.part = 'unknown'
  }

  private block(header: number): void {
    const size = ((header >> 1) & 3) === RLE_BLOCK ? 1 : header >> 3
    if ((header & LAST_BLOCK) === 0) this.passing = size
    else this.end(size + this.checksum)
  }

  /** The frame ends behind so many bytes more. */
  private end(rest: number): void {
    this.passing = rest
    this.ending = true
    this.expect('magic', 4)
  }

  private expect(part: Part, bytes: number): void {
    this.part = part
    this.wanted = bytes
  }
}

/** Of window, dictionary and content size, as the descriptor says (RFC 8878 3.1.1.1.1). */
function headerLength(descriptor: number): number {
  const single = (descriptor >> 5) & 1
  const dictionary = descriptor & 3
  const size = descriptor >> 6
  return 1 - single + (dictionary === 3 ? 4 : dictionary) + (size === 0 ? single : 1 << size)
}
