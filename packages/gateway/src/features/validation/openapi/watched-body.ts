import { type Body, type HeaderList, RelayedBody, WholeBody } from '@headgate/core'

/** Passes a body on as it comes, and tells what it was when its last byte has gone: nothing waits for that. */
export class WatchedBody extends RelayedBody {
  private readonly limit: number
  private readonly told: (whole: WholeBody | undefined) => void
  private chunks: Uint8Array[] | undefined = []
  private size = 0

  /** @param told given undefined for a body of more than `limit` bytes; not called for one that breaks */
  constructor(inner: Body, limit: number, told: (whole: WholeBody | undefined) => void) {
    super(inner)
    this.limit = limit
    this.told = told
  }

  override write(chunk: Uint8Array): boolean {
    this.size += chunk.byteLength
    if (this.size > this.limit) this.chunks = undefined
    // Whoever brings it may use its memory again.
    this.chunks?.push(Uint8Array.from(chunk))
    return super.write(chunk)
  }

  override end(trailers?: HeaderList): void {
    this.told(this.chunks && WholeBody.fromBytes(Buffer.concat(this.chunks)))
    super.end(trailers)
  }
}
