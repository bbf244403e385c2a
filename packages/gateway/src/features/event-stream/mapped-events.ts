import {
  type Body,
  EventStreamParser,
  eventText,
  type HeaderList,
  RelayedBody,
  type ServerSentEvent,
  TrafficError,
} from '@headgate/core'

/** What becomes of an event: the text that is sent in its place; empty: none is. */
export type MapEvent = (event: ServerSentEvent) => string | Promise<string>

/**
 * A stream of events of which each passes through somebody's hands, one after the other and in their order. Comments are left out; `retry` and ids
 * pass.
 */
export class MappedEvents extends RelayedBody {
  override readonly length: undefined = undefined
  private readonly map: MapEvent
  private readonly parser: EventStreamParser
  private readonly waiting: ServerSentEvent[] = []
  private retry: number | undefined
  /** Whether an event is in somebody's hands. */
  private isBusy = false
  private hasRoom = true
  private ending: { readonly trailers: HeaderList | undefined } | undefined
  private isOver = false

  /** @param largest bytes of an event */
  constructor(inner: Body, largest: number, map: MapEvent) {
    super(inner)
    this.parser = new EventStreamParser(largest)
    this.map = map
  }

  override write(chunk: Uint8Array): boolean {
    if (this.isOver) return true
    try {
      for (const event of this.parser.push(chunk)) this.waiting.push(event)
    } catch (error) {
      this.giveUp(TrafficError.from(error))
      return true
    }
    const { retry } = this.parser
    if (retry !== undefined && retry !== this.retry) {
      this.retry = retry
      this.send(`retry: ${retry}\n\n`)
    }
    this.goOn()
    return this.hasRoom && !this.isBusy
  }

  override end(trailers?: HeaderList): void {
    this.ending = { trailers }
    this.goOn()
  }

  override fail(error: TrafficError): void {
    if (this.isOver) return
    this.isOver = true
    super.fail(error)
  }

  override resume(): void {
    this.hasRoom = true
    if (!this.goOn()) super.resume()
  }

  override cancel(error: TrafficError): void {
    this.isOver = true
    super.cancel(error)
  }

  /** @returns whether it still has something to do, and the stream is to wait */
  private goOn(): boolean {
    while (!this.isBusy && this.hasRoom && !this.isOver) {
      const event = this.waiting.shift()
      if (event === undefined) {
        if (this.ending === undefined) return false
        this.isOver = true
        super.end(this.ending.trailers)
        return true
      }
      this.take(event)
    }
    return true
  }

  private take(event: ServerSentEvent): void {
    try {
      const text = this.map(event)
      if (typeof text === 'string') return this.send(text)
      this.isBusy = true
      text.then(
        (made) => {
          this.isBusy = false
          this.send(made)
          if (!this.goOn() && !this.isOver) super.resume()
        },
        (error: unknown) => this.giveUp(TrafficError.from(error)),
      )
    } catch (error) {
      this.giveUp(TrafficError.from(error))
    }
  }

  private send(text: string): void {
    if (text !== '' && !this.isOver && !super.write(Buffer.from(text))) this.hasRoom = false
  }

  private giveUp(error: TrafficError): void {
    if (this.isOver) return
    this.isOver = true
    this.inner.cancel(error)
    super.fail(error)
  }
}

/** An event as a stream has it. */
export function textOf({ type, data, lastEventId }: ServerSentEvent): string {
  return eventText({ type, data, ...(lastEventId !== '' && { id: lastEventId }) })
}
