import type { UnderlyingSource } from 'node:stream/web'
import { type ServerSentEvent, eventText, type WrittenEvent } from '@headgate/core'

/** What may be sent as an event: a text is its data, and an event as `client.sse` brings it passes as it came. */
export type EventInput = string | WrittenEvent | ServerSentEvent

/** What is done with each event, and around them. */
export interface SseHooks<Event> {
  /** Makes an event of what comes, or several in a list; undefined leaves it out. Default: it is one. */
  readonly map?: ((event: Event) => MappedEvent | Promise<MappedEvent>) | undefined
  /** Whether an event is sent; asked before `map`. Default: each is. */
  readonly filter?: ((event: Event) => boolean | Promise<boolean>) | undefined
  /** Milliseconds without an event after which a comment is sent, so that nobody on the way takes the stream for dead. Default 15,000; Infinity: never. */
  readonly heartbeat?: number | undefined
  /** Milliseconds that clients are told to wait before they come back. Default: what they do by themselves. */
  readonly retry?: number | undefined
  /** The event in place of what `source` throws. Default: none, and the stream breaks, so that clients come back. */
  readonly onError?: ((error: unknown) => EventInput | undefined) | undefined
  /** Fields of the response beside its own. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

type MappedEvent = EventInput | readonly EventInput[] | undefined

const HEARTBEAT = 15_000
const COMMENT = ':\n\n'

/**
 * A response that streams events: of `client.sse(…)`, of a generator, of anything for `for await`. Each is read when the client has room for it, and
 * the source ends (`return`) when the client leaves.
 *
 * ```ts
 * export default (_request: Request, { client }: HandlerContext) => sse(client.sse('http://tokens/stream'))
 * ```
 */
export function sse<Event = EventInput>(source: AsyncIterable<Event>, hooks: SseHooks<Event> = {}): Response {
  const stream = new ReadableStream<Uint8Array>(new EventWriter(source, hooks), { highWaterMark: 0 })
  const headers = { 'cache-control': 'no-store', ...hooks.headers, 'content-type': 'text/event-stream' }
  return new Response(stream, { headers })
}

/** Writes what a source brings, piece by piece. */
class EventWriter<Event> implements UnderlyingSource<Uint8Array> {
  private readonly events: AsyncIterator<Event>
  private readonly hooks: SseHooks<Event>
  private pending: Promise<IteratorResult<Event>> | undefined
  /** What stands before the first event. */
  private opening: string

  constructor(source: AsyncIterable<Event>, hooks: SseHooks<Event>) {
    this.events = source[Symbol.asyncIterator]()
    this.hooks = hooks
    const { retry } = hooks
    this.opening = retry === undefined ? '' : `retry: ${Math.max(0, Math.round(retry))}\n\n`
  }

  /** Resolves when something was sent. */
  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const { opening } = this
    this.opening = ''
    if (opening !== '') return controller.enqueue(Buffer.from(opening))
    try {
      for (;;) {
        this.pending ??= this.events.next()
        // oxlint-disable-next-line no-await-in-loop -- one event after the other
        const next = await orSilence(this.pending, this.hooks.heartbeat ?? HEARTBEAT)
        if (next === undefined) return controller.enqueue(Buffer.from(COMMENT))
        this.pending = undefined
        if (next.done === true) return controller.close()
        // oxlint-disable-next-line no-await-in-loop -- as above
        const text = await this.textOf(next.value)
        if (text !== '') return controller.enqueue(Buffer.from(text))
      }
    } catch (error) {
      const last = this.hooks.onError?.(error)
      if (last === undefined) throw error
      controller.enqueue(Buffer.from(written(last)))
      controller.close()
      void this.events.return?.()
    }
  }

  /** Nobody reads any more. A source that is silent learns it with its next event. */
  async cancel(): Promise<void> {
    await this.events.return?.()
  }

  private async textOf(event: Event): Promise<string> {
    const { filter, map } = this.hooks
    if (filter !== undefined && !(await filter(event))) return ''
    // Without `map`, an event is what may be sent.
    const mapped = map === undefined ? (event as EventInput) : await map(event)
    if (mapped === undefined) return ''
    return (Array.isArray(mapped) ? (mapped as EventInput[]) : [mapped as EventInput]).map(written).join('')
  }
}

function written(event: EventInput): string {
  if (typeof event === 'string') return eventText({ data: event })
  if (!('lastEventId' in event)) return eventText(event)
  const { type, data, lastEventId } = event
  return eventText({ type, data, ...(lastEventId !== '' && { id: lastEventId }) })
}

/** What comes, or undefined after so many milliseconds without. */
function orSilence<Value>(pending: Promise<Value>, longest: number): Promise<Value | undefined> {
  if (longest === Infinity) return pending
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), longest)
    timer.unref()
    pending.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
