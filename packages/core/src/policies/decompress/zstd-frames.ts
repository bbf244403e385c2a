const FRAME = 0xfd2fb528
/** Any of sixteen numbers marks a frame that is to be skipped (RFC 8878 3.1.2). */
const SKIPPABLE = 0x184d2a50
const MAGIC_SIZE = 4
const LAST_BLOCK = 1
const RLE_BLOCK = 1

type Part = 'magic' | 'skippable' | 'descriptor' | 'block' | 'unknown'

/** So many frames are taken whatever their size. */
const SOME_FRAMES = 100
/**
 * And so many bytes of content allow one more each. A frame takes a way to a thread and back, as long as some KiB of content: 1 MiB of
 * frames of 10 bytes took 30 s, and held the event loop for seconds.
 */
const BYTES_PER_FRAME = 256

/**
 * Finds where the frames of zstd content end (RFC 8878 3.1): there may be several in a row, and some that are to be skipped. It goes
 * by the headers alone. Content that is no frame is left to the decoder, which says so.
 */
export class ZstdFrames {
  private part: Part = 'magic'
  /** Bytes of the part that is being read, as a number, the first lowest. */
  private value = 0
  private bytes = 0
  private wanted = MAGIC_SIZE
  /** Bytes to pass over before the next part. */
  private passing = 0
  private checksum = 0
  private ending = false
  private skipping = false
  private magic = 0
  private frames = 0

  /**
   * What the decoder is to get of the chunk, in parts of which none goes on behind a frame's end. Frames that are to be skipped are
   * left out, and a frame's first bytes kept until it shows which kind it is.
   */
  split(chunk: Uint8Array): Uint8Array[] {
    const parts: Uint8Array[] = []
    let start = 0
    let at = 0
    while (at < chunk.length && this.part !== 'unknown') {
      if (this.passing > 0) at += this.pass(chunk.length - at)
      else {
        const between = this.isBetween
        this.take(chunk[at++] as number) // it is within the chunk
        if (between && !this.isBetween && !this.skipping) start = this.startOf(at, parts)
      }
      if (!this.ending || this.passing > 0) continue
      if (!this.skipping) parts.push(chunk.subarray(start, at))
      this.ending = false
      this.skipping = false
      start = at
    }
    if (start < chunk.length && !this.skipping && !this.isBetween) parts.push(chunk.subarray(start))
    return parts
  }
  /** What was kept of a frame that never showed which kind it is: the content ends there. */
  rest(): Uint8Array {
    return this.isBetween ? littleEndian(this.value, this.bytes) : littleEndian(0, 0)
  }

  /**
   * Whether the end has come within a frame. The decoder knows nothing of those that are to be skipped, and of others not always: where
   * it was given no more behind a frame's first bytes, it takes what came before for the whole.
   */
  get breaksOff(): boolean {
    return this.part !== 'unknown' && !this.isBetween
  }

  /** Whether it is cut into more frames than so many bytes of content are worth. */
  tooMany(content: number): boolean {
    return this.frames > SOME_FRAMES + content / BYTES_PER_FRAME
  }

  private get isBetween(): boolean {
    return this.part === 'magic' && !this.ending
  }

  /** Where that begins which is to be passed on, now that the first bytes of a frame are here: some may have come in a chunk before. */
  private startOf(at: number, parts: Uint8Array[]): number {
    if (at >= MAGIC_SIZE) return at - MAGIC_SIZE
    parts.push(littleEndian(this.magic, MAGIC_SIZE))
    return at
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
    this.magic = magic
    this.skipping = magic - (magic % 16) === SKIPPABLE
    if (this.skipping) this.expect('skippable', 4)
    else if (magic === FRAME) {
      this.frames++
      this.expect('descriptor', 1)
    } else this.part = 'unknown'
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
    this.expect('magic', MAGIC_SIZE)
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

function littleEndian(value: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => Math.floor(value / 2 ** (8 * index)) % 256)
}
