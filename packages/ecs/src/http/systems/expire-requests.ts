import { TrafficError } from '@headgate/client'
import type { System } from '../../port/port.ts'
import { httpError } from '../components/http-error.ts'
import { fail } from '../endings.ts'
import { httpParts } from '../http-parts.ts'
import type { Pending } from '../pending.ts'

/** Fails what has reached its deadline, wherever it stands; what the client has is given up. */
export const expireRequests: System = {
  name: 'http:expire-requests',
  run: (port) => {
    const http = httpParts(port)
    const { config, requests, time } = http
    for (let expired = 0; expired < config.budget.responses; expired++) {
      const pending = requests.deadlines.due(time.now)
      if (pending === undefined) return
      fail(http, pending, httpError(expiry(pending), pending.request.method, undefined))
    }
  },
}

function expiry({ request, deadline, flight }: Pending): TrafficError {
  const after = deadline - (request.submittedAt ?? 0)
  const where = flight === undefined ? 'while it waited to be started' : 'while it was under way'
  return new TrafficError('deadline_exceeded', `the ${after} ms of its RequestTimeout passed ${where}`, {
    phase: flight === undefined ? 'queue' : 'response-head',
    replaySafe: flight === undefined ? 'unsent' : 'unknown',
  })
}
