import type { Body } from '../../message/body.ts'
import { TrafficError } from '../../message/errors.ts'
import { copyExchange } from '../../message/fork.ts'
import type { CacheContext, Lookup } from './cache-context.ts'
import { Fetch } from './fetch.ts'
import { confirmationName } from './fetch-names.ts'
import type { StoredEntry } from './store.ts'

/** How long a revalidation that nobody waits for may take, in milliseconds. */
export const MOST_TIME = 30_000
/** How long after one that failed there is no other, in milliseconds: an origin that is down is not asked by each request. */
const PAUSE = 1_000

/** Asks the origin whether what was served stale still holds, or for what is there now: once, whoever is served meanwhile. */
export function revalidateInBackground(context: CacheContext, lookup: Lookup, entry: StoredEntry): void {
  const { clock, request } = lookup.exchange
  const name = confirmationName(lookup, entry)
  if (context.fetches.has(name) || (context.paused.get(name) ?? 0) > clock.now()) return
  const claim = context.claim(name, clock.wallTime(), false)
  if (claim?.whose === 'other' || (claim?.whose === 'nobody' && claim.end === 'stored')) {
    // Another thread does it: nothing is to be looked up in the claims by each request meanwhile.
    context.paused.set(name, clock.now() + PAUSE)
    return
  }
  const exchange = copyExchange(lookup.exchange, request.clone(), { apart: true })
  const ours = claim?.whose === 'ours' ? claim : undefined
  const fetch = Fetch.under(name, context, { ...lookup, exchange }, entry, ours)
  // What goes well has another name afterwards.
  context.paused.set(name, clock.now() + PAUSE)
  exchange.deadline = clock.now() + MOST_TIME
  const timer = clock.timer(() => exchange.cancel(tooLong()))
  timer.arm(MOST_TIME)
  const ended = (error: TrafficError | undefined): void => {
    timer.disarm()
    const well = error === undefined && fetch.fetched?.failed === false
    if (!well) context.paused.set(name, clock.now() + PAUSE)
    else context.paused.delete(name)
    const status = fetch.fetched?.status
    exchange.finish({ status, error, bytesSent: 0, bytesReceived: 0 })
    context.options.onRevalidated?.(exchange, well)
  }
  fetch.flight
    .join(exchange)
    .then((response) => (response === undefined ? undefined : readOut(response.body)))
    .then(() => ended(undefined))
    .catch((thrown: unknown) => ended(TrafficError.from(thrown)))
  fetch.start()
}

/** Nobody takes it but the store, which is there before. */
export function readOut(body: Body): Promise<void> {
  return new Promise((resolve, reject) => {
    body.flowTo({ write: () => true, end: () => resolve(), fail: reject })
  })
}

export function tooLong(): TrafficError {
  return new TrafficError(
    'deadline_exceeded',
    `a revalidation in the background took more than ${MOST_TIME} ms`,
  )
}
