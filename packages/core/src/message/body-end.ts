import type { Body } from './body.ts'
import type { TrafficError } from './errors.ts'
import type { HeaderList } from './headers.ts'
import { RelayedBody } from './relayed-body.ts'
import type { HttpResponse } from './response.ts'

/**
 * Has `ended` called once when the response's body has arrived, broken, or been cancelled: at once where it is here already,
 * so that only a body that streams costs anything.
 */
export function onBodyEnd(response: HttpResponse, ended: () => void): void {
  if (response.body.whole !== undefined) ended()
  else response.body = new WatchedBody(response.body, ended)
}

/** Passes everything on, and tells of the end. */
class WatchedBody extends RelayedBody {
  private ended: (() => void) | undefined

  constructor(inner: Body, ended: () => void) {
    super(inner)
    this.ended = ended
  }

  override cancel(error: TrafficError): void {
    super.cancel(error)
    this.tell()
  }

  override end(trailers?: HeaderList): void {
    this.tell()
    super.end(trailers)
  }

  override fail(error: TrafficError): void {
    this.tell()
    super.fail(error)
  }

  private tell(): void {
    const { ended } = this
    this.ended = undefined
    ended?.()
  }
}
