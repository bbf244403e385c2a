import type { MetricRegistry, Upstream } from '@headgate/core'
import type { ExchangeRow } from '../layer.ts'
import { CLIENT_TRIES, ACCOUNT_TRIES } from '../rate-limit/setting.ts'
import type { Refusals } from '../refusals.ts'
import type { RateLimitStores } from '../rate-limit/stores.ts'
import { routeAuthenticationRules } from './checks.ts'
import { authenticate } from './authenticate.ts'
import type { Authenticators } from './authenticators.ts'
import { FailedTries } from './failed-tries.ts'
import { authenticationMetrics } from './figures.ts'
import type { Identity } from '../identity.ts'
import { type AuthenticatedRoute, hasAuthentication } from './setting.ts'

/** Behind what finds out who the client is, and in front of whatever is said of callers. */
export const authenticationLayer: ExchangeRow<
  { readonly route: AuthenticatedRoute },
  {
    readonly authenticators?: Authenticators | undefined
    readonly rateLimits: Pick<RateLimitStores, 'get'>
    readonly metrics: MetricRegistry
    readonly refusals?: Refusals | undefined
    readonly upstreamNamed: (name: string) => { readonly upstream: Pick<Upstream, 'handler'> }
    /** Who asks, where nobody does: for explanations. */
    readonly assumed?: Identity | undefined
  }
> = {
  name: 'authentication',
  once: 'exchange',
  about: 'finds out who asks, and refuses who does not prove it',
  judged: false,
  rules: routeAuthenticationRules,
  build({ route }, { authenticators, rateLimits, metrics, refusals, assumed, upstreamNamed }) {
    if (!hasAuthentication(route)) return undefined
    if (authenticators === undefined) throw new TypeError(`route ${route.name}: there are no authenticators`)
    const { names, isAll, anonymous } = route.authentication
    return authenticate({
      authenticators: names.map((name) =>
        authenticators.for(name, (upstream) => upstreamNamed(upstream).upstream.handler),
      ),
      isAll,
      consumers: authenticators.consumers,
      anonymous,
      failedTries: new FailedTries(rateLimits.get(CLIENT_TRIES), rateLimits.get(ACCOUNT_TRIES)),
      onDecision: authenticationMetrics(metrics, route.name, names),
      refusals,
      assumed,
    })
  },
  tells: ({ route }) => route['authentication'],
}
