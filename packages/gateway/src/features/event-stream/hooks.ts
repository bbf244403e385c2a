import {
  eventText,
  type Exchange,
  mediaType,
  type Policy,
  type ServerSentEvent,
  type WrittenEvent,
} from '@headgate/core'
import type { GeoLookup } from '../geo/geo-place.ts'
import type { HandlerSurroundings } from '../handlers/answer-by-code.ts'
import { CodeRunner } from '../handlers/run-code.ts'
import type { ChangeEvent } from './event-by-code.ts'
import { eventChanges } from './event-changes.ts'
import type { EventsConfig } from './setting.ts'
import { type MapEvent, MappedEvents, textOf } from './mapped-events.ts'

/** Larger events than this are none, where the route has no limit of its own. */
const LARGEST = 64 * 1024 * 1024

/** Has each event of a stream pass through what is declared, and then through code. Loaded with the first request that needs it. */
export function eventHooks(
  config: EventsConfig,
  geo: GeoLookup | undefined,
  surroundings: HandlerSurroundings,
): Policy {
  const change = eventChanges(config, geo)
  const byCode =
    surroundings.codeEnd === undefined && config.by ? codeHook(config.by, surroundings) : undefined
  const mapFor =
    (exchange: Exchange): MapEvent =>
    (event) => {
      const changed = change(event, exchange)
      if (changed === undefined) return ''
      return byCode === undefined ? textOf(changed) : byCode(changed, exchange)
    }
  return (next) =>
    async function eventHooks(exchange) {
      // What is encoded cannot be read, and a stream is not worth encoding twice.
      exchange.request.headers.set('accept-encoding', 'identity')
      const response = await next(exchange)
      const { headers, body } = response
      if (headers.has('content-encoding')) return response
      if (mediaType(headers.get('content-type') ?? '') !== 'text/event-stream') return response
      headers.delete('content-length')
      response.body = new MappedEvents(body, Math.min(config.maxEvent, LARGEST), mapFor(exchange))
      return response
    }
}

function codeHook(
  reference: NonNullable<EventsConfig['by']>,
  surroundings: HandlerSurroundings,
): (event: ServerSentEvent, exchange: Exchange) => Promise<string> {
  const runner = new CodeRunner('hook', reference, surroundings)
  const change = runner.given as ChangeEvent // checked when it was loaded
  return (event, exchange) =>
    runner.run(
      exchange,
      async (_request, context) => {
        const changed = await change(event, context)
        if (changed === undefined) return textOf(event)
        return (Array.isArray(changed) ? (changed as readonly unknown[]) : [changed]).map(written).join('')
      },
      () => '',
    )
}

/** @throws TypeError for what is no event */
function written(changed: unknown): string {
  if (changed === null || changed === undefined) return ''
  if (typeof changed === 'string') return eventText({ data: changed })
  if (typeof changed !== 'object' || typeof (changed as WrittenEvent).data !== 'string')
    throw new TypeError(
      'it has returned something that is no event; allowed: { type, data, id }, a text, or null',
    )
  return 'lastEventId' in changed ? textOf(changed as ServerSentEvent) : eventText(changed as WrittenEvent)
}
