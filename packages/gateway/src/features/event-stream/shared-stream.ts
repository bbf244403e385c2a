import {
  type Body,
  copyExchange,
  EventStreamParser,
  type Exchange,
  type Handler,
  type HeaderList,
  HttpResponse,
  mediaType,
  type ServerSentEvent,
  type Timer,
  TrafficError,
} from '@headgate/core'
import { textOf } from './mapped-events.ts'
import { ReplayBuffer } from './replay-buffer.ts'
import type { EventsConfig } from './setting.ts'
import { Subscriber } from './subscriber.ts'

export type ShareConfig = Exclude<EventsConfig['share'], false>

/** Milliseconds before the first try to connect again, where the stream names no time; each further one waits twice as long. */
const FIRST_WAIT = 1_000
const LONGEST_WAIT = 30_000
/** An upstream may ask for no wait at all, and still ends each stream at once. */
const SHORTEST_WAIT = 100
/** A stream that has lasted so long was well: the next wait is the first one again. */
const LASTING = 5_000

/** One stream of an upstream, for all clients that ask for the same. */
export class SharedStream {
  private readonly config: ShareConfig
  private readonly largest: number
  private readonly first: Exchange
  private readonly next: Handler
  private readonly ended: () => void
  private readonly subscribers = new Set<Subscriber>()
  private readonly replay: ReplayBuffer
  private readonly silence: Timer
  private readonly again: Timer
  private readonly head: Promise<HttpResponse>
  private headers: HeaderList | undefined
  private inner: Exchange | undefined
  private body: Body | undefined
  private lastEventId: string | undefined
  private retry: number | undefined
  private failures = 0
  private began = 0
  private isOver = false

  /**
   * @param first the exchange in whose name the upstream is asked
   * @param largest bytes of an event
   * @param ended called when nobody can join any more
   */
  constructor(first: Exchange, next: Handler, config: ShareConfig, largest: number, ended: () => void) {
    this.config = config
    this.largest = largest
    this.first = first
    this.next = next
    this.ended = ended
    this.replay = new ReplayBuffer(config.buffer)
    this.silence = first.clock.timer(() => this.stop())
    this.again = first.clock.timer(() => void this.connectAgain())
    this.lastEventId = first.request.headers.get('last-event-id')
    this.head = this.ask()
  }

  /** The response for one client; undefined where the upstream answers with no stream that can be shared. Rejects as the upstream's answer does. */
  async join(exchange: Exchange): Promise<HttpResponse | undefined> {
    const response = await this.head
    if (this.headers === undefined) return exchange === this.first ? response : undefined
    if (this.isOver) return undefined
    this.silence.disarm()
    const { maxBehind, slow } = this.config
    const known = exchange === this.first ? undefined : exchange.request.headers.get('last-event-id')
    const missed = this.replay.after(known)
    const subscriber: Subscriber = new Subscriber(maxBehind, slow, () => this.left(subscriber), missed)
    this.subscribers.add(subscriber)
    return new HttpResponse(200, this.headers.clone(), subscriber.body)
  }

  private async ask(): Promise<HttpResponse> {
    const request = this.first.request.clone()
    if (this.lastEventId !== undefined) request.headers.set('last-event-id', this.lastEventId)
    const inner = copyExchange(this.first, request, { apart: true })
    this.inner = inner
    let response: HttpResponse
    try {
      response = await this.next(inner)
    } catch (error) {
      finish(inner, TrafficError.from(error))
      if (this.headers === undefined) this.close()
      throw error
    }
    if (response.status !== 200 || !isStream(response)) {
      if (this.headers === undefined) {
        // The first client is answered with it; whoever waits asks for himself.
        this.first.onFinish((_, outcome) => inner.finish(outcome))
        this.close()
      }
      return response
    }
    this.headers ??= sharedFields(response.headers)
    this.read(inner, response)
    return response
  }

  private read(inner: Exchange, { body }: HttpResponse): void {
    const parser = new EventStreamParser(this.largest, this.lastEventId)
    this.body = body
    this.began = this.first.clock.now()
    body.flowTo({
      write: (chunk) => {
        const events = this.parsed(parser, chunk)
        for (const event of events) {
          const bytes = Buffer.from(textOf(event))
          this.replay.push(event.lastEventId, bytes)
          for (const subscriber of this.subscribers) subscriber.push(bytes)
        }
        this.lastEventId = parser.lastEventId === '' ? undefined : parser.lastEventId
        this.retry = parser.retry ?? this.retry
        return true
      },
      end: () => this.lost(inner, undefined),
      fail: (error) => this.lost(inner, error),
    })
  }

  /** An event that is larger than the route allows ends the stream for all: the upstream would send it again. */
  private parsed(parser: EventStreamParser, chunk: Uint8Array): readonly ServerSentEvent[] {
    if (this.isOver) return []
    try {
      return parser.push(chunk)
    } catch (thrown) {
      const error = TrafficError.from(thrown)
      for (const subscriber of this.subscribers) subscriber.fail(error)
      this.stop()
      return []
    }
  }

  /** The upstream's stream is over. */
  private lost(inner: Exchange, error: TrafficError | undefined): void {
    finish(inner, error)
    this.body = undefined
    if (this.isOver) return
    if (this.first.clock.now() - this.began >= LASTING) this.failures = 0
    if (this.config.reconnect) this.wait()
    else this.stop()
  }

  private wait(): void {
    const first = Math.max(SHORTEST_WAIT, this.retry ?? FIRST_WAIT)
    const base = Math.min(LONGEST_WAIT, first * 2 ** Math.min(this.failures, 5))
    this.failures++
    // Spread out: those of other workers and machines lost it at the same moment.
    this.again.arm(base * (0.75 + this.first.clock.random() / 2))
  }

  private async connectAgain(): Promise<void> {
    try {
      const response = await this.ask()
      if (this.isOver || this.body !== undefined) return
      const error = new TrafficError(
        'unexpected_status',
        `the upstream of the stream answers with ${response.status}`,
      )
      response.body.cancel(error)
      if (this.inner !== undefined) finish(this.inner, error)
      // 204 says that there will be nothing more (WHATWG HTML 9.2.3).
      if (response.status === 204) this.stop()
      else this.wait()
    } catch {
      if (!this.isOver) this.wait()
    }
  }

  private left(subscriber: Subscriber): void {
    this.subscribers.delete(subscriber)
    if (this.subscribers.size === 0 && !this.isOver) this.silence.arm(this.config.grace)
  }

  /** Ends it for all. */
  private stop(): void {
    this.close()
    for (const subscriber of this.subscribers) subscriber.end()
    const error = new TrafficError('cancelled', 'nobody reads the shared stream any more')
    this.body?.cancel(error)
    this.body = undefined
    if (this.inner !== undefined) finish(this.inner, undefined)
  }

  private close(): void {
    if (this.isOver) return
    this.isOver = true
    this.again.disarm()
    this.silence.disarm()
    this.ended()
  }
}

function finish(exchange: Exchange, error: TrafficError | undefined): void {
  exchange.finish({ status: 200, error, bytesSent: 0, bytesReceived: 0 })
}

function isStream({ headers }: HttpResponse): boolean {
  return (
    mediaType(headers.get('content-type') ?? '') === 'text/event-stream' && !headers.has('content-encoding')
  )
}

/** What all clients are told. A cookie is for one. */
function sharedFields(headers: HeaderList): HeaderList {
  const shared = headers.clone()
  for (const name of ['set-cookie', 'content-length', 'transfer-encoding', 'date']) shared.delete(name)
  return shared
}
