import type { System } from '../../port/port.ts'
import type { BodyFeed } from '../body-feed.ts'
import { BodyChunks, type IncomingChunks } from '../components/body-chunks.ts'
import { httpError } from '../components/http-error.ts'
import { ReceivedResponse } from '../components/http-response.ts'
import { fail, respond } from '../endings.ts'
import { HttpBodyChunk } from '../events.ts'
import { type HttpParts, httpParts } from '../http-parts.ts'
import type { Pending } from '../pending.ts'

const NO_BYTES = new Uint8Array(0)

/**
 * Delivers the content of streamed responses: a chunk of each in turn, in the order of request ids, as long as the budget of bytes lasts. The
 * next tick begins behind the one that was served last.
 */
export function deliverBodies(): System {
  let last = 0
  /** Those that have chunks of the tick before. */
  let shown: IncomingChunks[] = []
  return {
    name: 'http:deliver-bodies',
    run: (port) => {
      const http = httpParts(port)
      const { streams } = http.requests
      for (const body of shown) body.chunks = []
      shown = []
      if (streams.length === 0) return
      last = deliver(http, inTurn(streams, last), last)
      for (const { entity } of streams) {
        const body = port.get(entity, BodyChunks)
        if (body !== undefined && body.chunks.length > 0) shown.push(body)
      }
      for (const pending of streams) end(http, pending)
    },
  }
}

/** Those behind the one that was served last come first. */
function inTurn(streams: readonly Pending[], last: number): readonly Pending[] {
  const first = streams.findIndex(({ id }) => id > last)
  return first <= 0 ? streams : [...streams.slice(first), ...streams.slice(0, first)]
}

/** Returns the id of the one that was served last. */
function deliver(http: HttpParts, streams: readonly Pending[], before: number): number {
  const { bytes, time: longest } = http.config.budget
  let left = bytes
  let last = before
  for (let moved = true; moved; ) {
    moved = false
    for (const pending of streams) {
      const feed = pending.flight?.feed
      const size = feed === undefined ? 0 : deliverChunk(http, pending, feed, left)
      if (size === 0) continue
      left -= size
      last = pending.id
      moved = true
      if (left <= 0 || http.time.spent >= longest) return last
    }
  }
  return last
}

/** Returns its size; 0 if nobody takes it now. */
function deliverChunk({ port, time }: HttpParts, pending: Pending, feed: BodyFeed, most: number): number {
  const { entity, id, request, domain, phase } = pending
  const body = port.get(entity, BodyChunks)
  if (phase === 'ended' || body === undefined || body.paused) return 0
  const chunk = feed.take(most)
  if (chunk === undefined) return 0
  const offset = body.received
  body.chunks.push(chunk)
  body.received += chunk.byteLength
  domain?.counts.received(chunk.byteLength, time.now)
  port.events(HttpBodyChunk).send({ entity, id, request, chunk, offset }, entity)
  return chunk.byteLength
}

function end(http: HttpParts, pending: Pending): void {
  const { flight, phase, entity, request } = pending
  const feed = flight?.feed
  if (phase === 'ended' || flight === undefined || feed === undefined || !feed.ended) return
  const body = http.port.get(entity, BodyChunks)
  if (body !== undefined) body.done = true
  if (feed.failure !== undefined) fail(http, pending, httpError(feed.failure, request.method, undefined))
  else {
    const duration = http.time.clock.now() - flight.startedAt
    respond(http, pending, new ReceivedResponse(feed.response, NO_BYTES, undefined, duration))
  }
}
