import { mediaType } from '../../fields/media-type.ts'
import type { Policy } from '../../message/handler.ts'
import type { OpenStreams } from '../open-streams.ts'
import { EventRelay, type EventStreamOptions } from './event-relay.ts'

/** Looks after responses that are streams of Server-Sent Events. Those that are here whole, or have a coding, pass as they are. */
export function eventStream(options: EventStreamOptions, open: OpenStreams): Policy {
  return (next) =>
    async function eventStream(exchange) {
      const response = await next(exchange)
      const { headers, body } = response
      if (body.whole !== undefined || headers.has('content-encoding')) return response
      if (mediaType(headers.get('content-type') ?? '') !== 'text/event-stream') return response
      const relay = new EventRelay(body, exchange.clock, options)
      headers.delete('content-length')
      response.body = relay
      open.add(relay)
      exchange.onFinish(() => {
        open.delete(relay)
        relay.finished()
      })
      return response
    }
}
