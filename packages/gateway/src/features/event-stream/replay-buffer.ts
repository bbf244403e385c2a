/** The last events of a stream, for clients that come back: so many bytes of them. */
export class ReplayBuffer {
  private readonly limit: number
  private readonly events: { readonly id: string; readonly bytes: Uint8Array }[] = []
  private size = 0

  /** @param limit bytes */
  constructor(limit: number) {
    this.limit = limit
  }

  /** @param id that the stream had given by then; empty for none */
  push(id: string, bytes: Uint8Array): void {
    this.events.push({ id, bytes })
    this.size += bytes.length
    while (this.size > this.limit) this.size -= this.events.shift()?.bytes.length ?? this.size
  }

  /**
   * What came after an event. Where that is not known any more, all there is: a client may get an event twice, and misses as little as can be.
   * @param id the last that the client has got; undefined: it is new, and gets nothing of what was
   */
  after(id: string | undefined): readonly Uint8Array[] {
    if (id === undefined) return []
    const last = this.events.findLastIndex((event) => event.id === id)
    return this.events.slice(last + 1).map(({ bytes }) => bytes)
  }
}
