import { type Exchange, type MetricRegistry, TrafficError } from '@headgate/core'
import { metric } from '../../metrics/metric.ts'
import type { Authenticators } from '../authentication/authenticators.ts'
import { type AuthenticatedRoute, hasAuthentication } from '../authentication/setting.ts'
import { type GeoLookup, knowNothing } from '../geo/geo-place.ts'
import type { ExchangeRow, Route } from '../layer.ts'
import type { Refusals } from '../refusals.ts'
import { parameterChecks } from './checks.ts'
import { mergeAuthorization } from './merge.ts'
import {
  type AuthorizationVerdict,
  authorizationRules,
  ruleNames,
  verdictOf,
  verdictReason,
} from './rules.ts'
import type { AuthorizationConfig } from './setting.ts'

const AUTHORIZATIONS = metric({
  kind: 'counter',
  name: 'headgate_authorizations_total',
  labels: ['route', 'rule', 'decision'],
  help: 'Requests by what the rules of authorization said: allowed, denied (403), or unenforced, what would be denied if the mode were not report. The rule is empty where none decided.',
  sparse: true,
})

/** Behind authentication and limits: who is refused has used up some of the share that they have. */
export const authorizationLayer: ExchangeRow<
  { readonly route: AuthenticatedRoute & Route<'authorization', AuthorizationConfig> },
  {
    readonly authenticators?: Pick<Authenticators, 'get'> | undefined
    readonly metrics: MetricRegistry
    readonly refusals?: Refusals | undefined
    readonly geo?: GeoLookup | undefined
  },
  unknown
> = {
  name: 'authorization',
  once: 'exchange',
  about: 'refuses what the rules of the route do not allow its callers',
  merge: mergeAuthorization,
  checks: parameterChecks,
  build({ route }, { authenticators, metrics, refusals, geo = knowNothing }) {
    const { authorization: config, name } = route
    if (config === undefined) return undefined
    const judge = authorizationRules(config, geo)
    const count = counters(metrics, name, config)
    const challenges = hasAuthentication(route)
      ? route.authentication.names.map((each) => authenticators?.get(each).challenge ?? '')
      : []
    const isReport = config.mode === 'report'
    return (next) =>
      function authorization(exchange) {
        const verdict = judge(exchange)
        verdictOf.state(exchange, verdict)
        const { isAllowed, rule = '' } = verdict
        count(rule, isAllowed ? 'allowed' : isReport ? 'unenforced' : 'denied')
        if (isAllowed || isReport) return next(exchange)
        const reason = verdictReason(verdict, exchange)
        refusals?.report(exchange, { by: 'authorization', name: verdict.rule, reason })
        return Promise.reject(refusal(exchange, verdict, challenges))
      }
  },
  tells: ({ route }) => route['authorization'],
}

/** Who has shown nothing is told so; who has, that it is not enough (RFC 9110 15.5.2, 15.5.4). */
function refusal(
  exchange: Exchange,
  verdict: AuthorizationVerdict,
  challenges: readonly string[],
): TrafficError {
  if (verdict.asksForIdentity && challenges.length > 0) {
    const error = new TrafficError('unauthorized', 'credentials are needed')
    error.fields = challenges.map((value) => ['www-authenticate', value])
    return error
  }
  return new TrafficError('forbidden', verdictReason(verdict, exchange))
}

type Decision = 'allowed' | 'denied' | 'unenforced'

function counters(
  metrics: MetricRegistry,
  route: string,
  config: AuthorizationConfig,
): (rule: string, decision: Decision) => void {
  const decisions = ['allowed', config.mode === 'report' ? 'unenforced' : 'denied'] as const
  const known = new Map(
    ['', ...ruleNames(config)].flatMap((rule) =>
      decisions.map((decision) => [
        `${decision} ${rule}`,
        metrics.get(AUTHORIZATIONS, { route, rule, decision }),
      ]),
    ),
  )
  return (rule, decision) => known.get(`${decision} ${rule}`)?.add(1)
}
