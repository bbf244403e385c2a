import type { MetricRegistry } from '@headgate/core'
import { metric } from '../../metrics/metric.ts'
import type { Decision } from './authenticate.ts'

const AUTHENTICATIONS = metric({
  kind: 'counter',
  name: 'headgate_authentications_total',
  labels: ['route', 'authenticator', 'decision'],
  help: 'Requests by what became of their credentials: known, anonymous (none, which the route allows), missing, rejected (401), refused (429, after too many failures), unavailable (503), login (a browser was sent to log in) or step (of a login or logout, which the gateway answers). The authenticator is empty where none had a say.',
  sparse: true,
})

/** Those in which no authenticator has a say. */
const BY_NONE: readonly Decision[] = ['anonymous', 'missing']
const BY_ONE: readonly Decision[] = ['known', 'rejected', 'refused', 'unavailable', 'login', 'step']

/** Counts what becomes of credentials on a route with these authenticators. */
export function authenticationMetrics(
  metrics: MetricRegistry,
  route: string,
  authenticators: readonly string[],
): (decision: Decision, authenticator: string) => void {
  const counters = new Map(
    [
      ...BY_NONE.map((decision) => ({ decision, authenticator: '' })),
      ...authenticators.flatMap((authenticator) => BY_ONE.map((decision) => ({ decision, authenticator }))),
    ].map(({ decision, authenticator }) => [
      `${decision} ${authenticator}`,
      metrics.get(AUTHENTICATIONS, { route, authenticator, decision }),
    ]),
  )
  return (decision, authenticator) => counters.get(`${decision} ${authenticator}`)?.add(1)
}
