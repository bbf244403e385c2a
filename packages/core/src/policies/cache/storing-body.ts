import type { Body, WholeBody } from '../../message/body.ts'
import type { TrafficError } from '../../message/errors.ts'
import type { HeaderList } from '../../message/headers.ts'
import { RelayedBody } from '../../message/relayed-body.ts'
import type { ClaimEnd } from './claims.ts'
import { ignoring, whenHere } from './maybe-promise.ts'
import type { EntryWriter } from './store.ts'

/** What became of a response that was to be stored: it was, the store did not take it, it broke, or nobody wanted it any more. */
export type Kept = Exclude<ClaimEnd, 'unshared'>

/** Passes a body on, at the pace of who reads it, and keeps a copy. A store that fails leaves the body alone. */
export class StoringBody extends RelayedBody {
  private writer: EntryWriter | undefined
  private readonly settled: (kept: Kept) => void

  /** @param settled told once whether it is stored: after the end, or as soon as it is clear that it will not be */
  constructor(inner: Body, writer: EntryWriter, settled: (kept: Kept) => void) {
    super(inner)
    this.writer = writer
    this.settled = settled
  }

  override cancel(error: TrafficError): void {
    this.giveUp('gone')
    super.cancel(error)
  }

  override write(chunk: Uint8Array): boolean {
    const { writer } = this
    if (writer !== undefined && ignoring(() => writer.write(chunk)) !== true) {
      this.writer = undefined
      this.settled('unkept')
    }
    return super.write(chunk)
  }

  override end(trailers?: HeaderList): void {
    const { writer } = this
    this.writer = undefined
    if (writer !== undefined)
      whenHere(
        ignoring(() => writer.commit()),
        (stored) => this.settled(stored === true ? 'stored' : 'unkept'),
      )
    super.end(trailers)
  }

  override fail(error: TrafficError): void {
    this.giveUp('failed')
    super.fail(error)
  }

  private giveUp(why: Kept): void {
    const { writer } = this
    this.writer = undefined
    if (writer === undefined) return
    ignoring(() => writer.abort())
    this.settled(why)
  }
}

/** Stores content that is here. */
export function putWhole(writer: EntryWriter, content: WholeBody): ReturnType<EntryWriter['commit']> {
  if (writer.writeAll !== undefined) return writer.writeAll(content)
  if (content.length > 0 && !writer.write(content.bytes)) return false
  return writer.commit()
}
