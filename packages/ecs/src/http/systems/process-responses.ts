import type { ClientResponse } from '@headgate/client'
import type { System } from '../../port/port.ts'
import { BodyFeed } from '../body-feed.ts'
import { BodyChunks, IncomingChunks } from '../components/body-chunks.ts'
import { fail, respond } from '../endings.ts'
import { type HttpParts, httpParts } from '../http-parts.ts'
import type { Flight, Pending } from '../pending.ts'

/** Applies what has come since the last tick, in the order of request ids, as far as the budget goes. */
export const processResponses: System = {
  name: 'http:process-responses',
  run: (port) => {
    const http = httpParts(port)
    const { config, requests, time } = http
    const { arrivals } = requests
    if (arrivals.size === 0) return
    arrivals.sort()
    const { responses, time: longest } = config.budget
    for (let applied = 0; applied < responses; ) {
      const pending = arrivals.take()
      if (pending === undefined) return
      // It was cancelled, or its deadline has passed.
      if (pending.phase === 'ended') continue
      apply(http, pending)
      applied++
      // The clock is asked now and then: it takes a tenth of what a response does.
      if (applied % 8 === 1 && time.spent >= longest) return
    }
  },
}

function apply(http: HttpParts, pending: Pending): void {
  const { flight } = pending
  if (flight?.response !== undefined) respond(http, pending, flight.response)
  else if (flight?.error !== undefined) fail(http, pending, flight.error)
  else if (flight?.head !== undefined) open(http, pending, flight, flight.head)
}

/** From now on, `deliver-bodies` has it. */
function open(
  { port, config, requests }: HttpParts,
  pending: Pending,
  flight: Flight,
  response: ClientResponse,
): void {
  flight.feed = new BodyFeed(response, config.bodyBuffer)
  requests.streams = [...requests.streams, pending].sort((one, other) => one.id - other.id)
  port.add(pending.entity, BodyChunks(new IncomingChunks(response)))
}
