import type { ClientResponse } from '@headgate/client'
import type { System } from '../../port/port.ts'
import { BodyFeed } from '../body-feed.ts'
import { BodyChunks, IncomingChunks } from '../components/body-chunks.ts'
import { fail, respond } from '../endings.ts'
import { type HttpParts, httpParts } from '../http-parts.ts'
import type { Pending } from '../pending.ts'

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
      if (time.spent >= longest) return
    }
  },
}

function apply(http: HttpParts, pending: Pending): void {
  const outcome = pending.flight?.outcome
  if (outcome?.kind === 'response') respond(http, pending, outcome.response)
  else if (outcome?.kind === 'error') fail(http, pending, outcome.error)
  else if (outcome?.kind === 'head') open(http, pending, outcome.response)
}

/** From now on, `deliver-bodies` has it. */
function open({ port, config, requests }: HttpParts, pending: Pending, response: ClientResponse): void {
  const { flight, entity } = pending
  if (flight === undefined) return
  flight.feed = new BodyFeed(response, config.bodyBuffer)
  requests.streams = [...requests.streams, pending].sort((one, other) => one.id - other.id)
  port.add(entity, BodyChunks(new IncomingChunks(response)))
}
