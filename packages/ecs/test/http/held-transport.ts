import { bodyFrom, type Exchange, type Handler, HeaderList, HttpResponse, TrafficError } from '@headgate/core'

interface Held {
  readonly exchange: Exchange
  readonly resolve: (response: HttpResponse) => void
  readonly reject: (error: TrafficError) => void
}

/** A transport that answers when it is told to: what it was asked, and what was given up. */
export class HeldTransport {
  /** Paths, in the order in which they were asked for. */
  readonly asked: string[] = []
  readonly cancelled: string[] = []
  private held: Held[] = []

  readonly handler: Handler = (exchange) =>
    new Promise((resolve, reject) => {
      const { path } = exchange.request
      this.asked.push(path)
      const held = { exchange, resolve, reject }
      this.held.push(held)
      exchange.occupy({
        cancelled: (error) => {
          this.cancelled.push(path)
          this.held = this.held.filter((each) => each !== held)
          reject(error)
        },
      })
    })

  /** How many wait for an answer. */
  get size(): number {
    return this.held.length
  }

  /** Answers those of these paths, in the order of the paths; all, if none is named. */
  async answer(
    paths: readonly string[] = this.held.map(({ exchange }) => exchange.request.path),
  ): Promise<void> {
    for (const path of paths) this.take(path)?.resolve(ok(path))
    await settled()
  }

  async fail(path: string): Promise<void> {
    this.take(path)?.reject(
      new TrafficError('upstream_closed', `${path} was closed`, {
        phase: 'response-head',
        replaySafe: 'idempotent',
      }),
    )
    await settled()
  }

  private take(path: string): Held | undefined {
    const found = this.held.find(({ exchange }) => exchange.request.path === path)
    this.held = this.held.filter((each) => each !== found)
    return found
  }
}

function ok(path: string): HttpResponse {
  return new HttpResponse(200, HeaderList.of({ 'content-type': 'text/plain' }), bodyFrom(path))
}

/** What was set off comes to rest. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}
