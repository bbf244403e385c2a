import type { Exchange } from './exchange.ts'

/**
 * How many 1xx responses one exchange may bring at once, and how many more for each second since it began. Each is parsed and
 * passed on by a write of its own, which costs what 4 KiB of content cost: 1,900 of them within 32 KiB held a worker nine times
 * as long as those bytes in one piece. Hints (103) are one or two; signs of life (102) and of progress (104) come now and then.
 */
const INTERIM_BURST = 32
const INTERIM_PER_SECOND = 10

/** Counts the 1xx responses before the final one (RFC 9110 15.2): without a limit an upstream could keep us busy, and fill the memory, with them. */
export class InterimResponses {
  private readonly mostBytes: number
  private bytes = 0
  private count = 0

  /** @param mostBytes of all of them together */
  constructor(mostBytes: number) {
    this.mostBytes = mostBytes
  }

  /** They are counted anew. */
  reset(): void {
    this.bytes = 0
    this.count = 0
  }

  /** Another one came. @returns why that is too many, undefined if it is not */
  add(bytes: number, exchange: Exchange): string | undefined {
    this.bytes += bytes
    if (this.bytes > this.mostBytes)
      return `the 1xx responses before the final one are larger than ${this.mostBytes} bytes`
    if (++this.count <= INTERIM_BURST || !this.comeTooFast(exchange)) return undefined
    const allowed = `${INTERIM_BURST}, and ${INTERIM_PER_SECOND} more for each second since the request`
    return `there were ${this.count} 1xx responses before the final one (at most ${allowed})`
  }

  private comeTooFast({ clock, startedAt }: Exchange): boolean {
    const seconds = (clock.now() - startedAt) / 1000
    return this.count > INTERIM_BURST + INTERIM_PER_SECOND * seconds
  }
}
