import type { System } from '../../port/port.ts'
import { httpError } from '../components/http-error.ts'
import { PRIORITIES, Priority } from '../components/priority.ts'
import { RequestTimeout } from '../components/request-timeout.ts'
import { RetryPolicy } from '../components/retry-policy.ts'
import { fail } from '../endings.ts'
import { HttpRequestSubmitted, RateLimitExceeded } from '../events.ts'
import { type HttpParts, httpParts } from '../http-parts.ts'
import { NORMAL, type Pending } from '../pending.ts'
import type { PooledClient } from '../pooled-client.ts'
import { failureOf, sendCall } from '../send-call.ts'

/**
 * Takes up what was asked for since the last tick, and starts what has its turn while slots are free. Address guard, checks of fields and
 * URL, deduplication and cache are policies of the client that each request is handed to.
 */
export const processRequests: System = {
  name: 'http:process-requests',
  run: (port) => {
    const http = httpParts(port)
    submit(http)
    start(http)
  },
}

function submit(http: HttpParts): void {
  const { config, requests, time } = http
  const { requests: most, time: longest } = config.budget
  for (let count = 0; count < most && requests.fresh.size > 0; count++) {
    const pending = requests.shift(requests.fresh)
    if (pending !== undefined) submitOne(http, pending)
    if (time.spent >= longest) return
  }
}

function submitOne(http: HttpParts, pending: Pending): void {
  const { port, config, requests, metrics, time } = http
  const { entity, id, request } = pending
  const { url, method, refusal } = request
  const limit = port.get(entity, RequestTimeout)
  const timeout = limit?.after ?? config.timeout
  pending.retryPolicy = port.get(entity, RetryPolicy)
  pending.priority = PRIORITIES.indexOf(port.get(entity, Priority) ?? 'normal')
  if (pending.priority < 0) pending.priority = NORMAL
  pending.since = time.now
  request.submittedAt = time.now
  if (timeout !== undefined) {
    pending.deadline = time.now + timeout
    if (limit !== undefined) limit.deadline = pending.deadline
    requests.deadlines.add(pending)
  }
  let client: PooledClient | undefined
  let problem = refusal
  try {
    client = http.pool.get(request.input.client)
  } catch (thrown) {
    problem ??= failureOf(thrown)
  }
  const domain = metrics.domains.of(url, client?.base)
  domain.counts.submitted++
  pending.domain = domain
  pending.phase = 'waiting'
  requests.stand(pending, requests.waiting)
  port
    .events(HttpRequestSubmitted)
    .send({ entity, id, request, url, method, timeout, retryPolicy: pending.retryPolicy }, entity)
  if (problem !== undefined) fail(http, pending, httpError(problem, method, undefined))
}

function start(http: HttpParts): void {
  const { config, requests, time } = http
  const { requests: most, time: longest } = config.budget
  for (let started = 0; started < most && requests.inFlight < config.maxInFlight; started++) {
    const pending = requests.shift(requests.admitted) ?? nextWaiting(http)
    if (pending === undefined) return
    sendCall(http, pending, http.pool.get(pending.request.input.client))
    if (time.spent >= longest) return
  }
}

/** The next one whose domain may get it. Those before it wait for their domain from now on. */
function nextWaiting(http: HttpParts): Pending | undefined {
  const { port, requests, rates, time } = http
  for (;;) {
    const pending = requests.shift(requests.waiting)
    if (pending?.domain === undefined) return pending
    const { domain, entity, id, request } = pending
    const wait = rates.admit(domain, time.now)
    if (wait === 0) return pending
    pending.phase = 'limited'
    requests.stand(pending, rates.lineOf(domain, time.now, wait))
    domain.counts.rateLimited++
    port
      .events(RateLimitExceeded)
      .send({ entity, id, request, domain: domain.name, wait, by: 'world' }, entity)
  }
}
