import { Buffer } from 'node:buffer'
import { asBuffer, type Body, type HeaderList, RelayedBody } from '@headgate/core'

/** What stands in place of what. */
export interface Replacement {
  readonly find: string
  readonly replace: string
}

/**
 * A body in which texts are replaced while it passes, also where one lies across two chunks: of what could be the start of one, so much
 * is held back. What was put in is not looked at again. Where two begin at the same place, the first of the list counts.
 */
export class ReplacedBody extends RelayedBody {
  override readonly length: undefined = undefined
  private readonly replacements: readonly Wanted[]
  private held: Buffer = Buffer.alloc(0)

  constructor(inner: Body, replacements: readonly Replacement[]) {
    super(inner)
    this.replacements = replacements.map(({ find, replace }) => ({
      find: Buffer.from(find),
      replace: Buffer.from(replace),
    }))
  }

  override write(chunk: Uint8Array): boolean {
    const bytes = this.held.length === 0 ? asBuffer(chunk) : Buffer.concat([this.held, chunk])
    const { done, rest } = this.replaced(bytes, false)
    // A copy: the memory of the chunk is its sender's.
    this.held = Buffer.from(rest)
    return done.length === 0 ? true : super.write(done)
  }

  override end(trailers?: HeaderList): void {
    const { done } = this.replaced(this.held, true)
    this.held = Buffer.alloc(0)
    if (done.length > 0) super.write(done)
    super.end(trailers)
  }

  /** @param isLast whether nothing comes behind it */
  private replaced(bytes: Buffer, isLast: boolean): { readonly done: Buffer; readonly rest: Buffer } {
    const places = new Places(bytes, this.replacements)
    const parts: Buffer[] = []
    let start = 0
    for (;;) {
      const next = places.from(start)
      const open = isLast ? undefined : this.openIn(bytes, start)
      if (next === undefined || (open !== undefined && comesFirst(open, next))) {
        const end = open?.at ?? bytes.length
        if (start === 0) return { done: bytes.subarray(0, end), rest: bytes.subarray(end) }
        parts.push(bytes.subarray(start, end))
        return { done: Buffer.concat(parts), rest: bytes.subarray(end) }
      }
      const { find, replace } = this.replacements[next.index] as Wanted // found there
      parts.push(bytes.subarray(start, next.at), replace)
      start = next.at + find.length
    }
  }

  /** Where the bytes end with the start of something that may go on in the next chunk. */
  private openIn(bytes: Buffer, start: number): Place | undefined {
    let open: Place | undefined
    for (const [index, { find }] of this.replacements.entries()) {
      const end = open?.at ?? bytes.length
      for (let at = Math.max(start, bytes.length - find.length + 1); at < end; at++) {
        if (!find.subarray(0, bytes.length - at).equals(bytes.subarray(at))) continue
        open = { at, index }
        break
      }
    }
    return open
  }
}

interface Wanted {
  readonly find: Buffer
  readonly replace: Buffer
}

/** Where one of the texts begins, and which of the list it is. */
interface Place {
  readonly at: number
  readonly index: number
}

function comesFirst(one: Place, other: Place): boolean {
  return one.at < other.at || (one.at === other.at && one.index < other.index)
}

/** Where the texts are in a chunk: each is sought no more than once from any place on. */
class Places {
  private readonly bytes: Buffer
  private readonly wanted: readonly Wanted[]
  private readonly next: number[]

  constructor(bytes: Buffer, wanted: readonly Wanted[]) {
    this.bytes = bytes
    this.wanted = wanted
    this.next = wanted.map(({ find }) => bytes.indexOf(find))
  }

  from(start: number): Place | undefined {
    let first: Place | undefined
    for (const [index, { find }] of this.wanted.entries()) {
      let at = this.next[index] ?? -1
      if (at >= 0 && at < start) at = this.next[index] = this.bytes.indexOf(find, start)
      if (at >= 0 && (first === undefined || at < first.at)) first = { at, index }
    }
    return first
  }
}
