import { TrafficError } from '../../message/errors.ts'
import type { Endpoint } from './endpoint.ts'

/**
 * What an exchange fails with where no endpoint may be used: `circuit_open` if breakers alone are in the way.
 * @param recovery milliseconds in which one may come back
 */
export function noneLeft(
  upstream: string,
  endpoints: readonly Endpoint[],
  recovery: number,
  now: number,
): TrafficError {
  const barred = endpoints.filter(({ status }) => status === 'circuit-open')
  if (barred.length === 0) {
    const message = `upstream ${upstream} has no endpoint to send to${endpoints.length === 0 ? ': none is known' : ` (${statesOf(endpoints)})`}`
    return unsent(new TrafficError('no_healthy_upstream', message, { phase: 'queue' }), recovery)
  }
  const waits = barred.flatMap(({ gate }) => gate?.retryAfter(now) ?? [])
  const message = `upstream ${upstream} has no endpoint whose circuit is closed (${statesOf(endpoints)})`
  const wait = waits.length === 0 ? undefined : Math.min(...waits)
  return unsent(new TrafficError('circuit_open', message, { phase: 'queue' }), wait)
}

function unsent(error: TrafficError, wait: number | undefined): TrafficError {
  error.replaySafe = 'unsent'
  error.retryAfter = wait
  return error
}

/** As in "1 down, 2 unhealthy". */
function statesOf(endpoints: readonly Endpoint[]): string {
  const counts = new Map<string, number>()
  for (const { status } of endpoints) counts.set(status, (counts.get(status) ?? 0) + 1)
  return [...counts].map(([status, count]) => `${count} ${status}`).join(', ')
}
