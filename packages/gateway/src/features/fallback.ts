import { fallback, type MetricRegistry } from '@headgate/core'
import type { ExchangeRow, LeadTo, Route } from './layer.ts'
import type { GeoLookup } from './geo/geo-place.ts'
import type { Finding, Path } from '../settings/problems/problem.ts'
import { type Read, section } from '../settings/schema/section.ts'
import { isFields } from '../settings/problems/fields.ts'
import { oneOfKeys } from '../settings/schema/schema-tree.ts'
import { noneOrMore } from '../settings/schema/list.ts'
import { metric } from '../metrics/metric.ts'
import { value } from '../settings/schema/setting.ts'
import { upstreamReference, whole } from '../settings/values/kinds.ts'
import { respondSetting, respondWith } from './answers.ts'

export const fallbackSetting = section('FallbackInput', () => ({
  respond: respondSetting().optional().describe('A fixed answer.'),
  upstream: value(
    upstreamReference,
    'Another upstream, by name or URL, where the request can be sent again.',
  ).optional(),
  statuses: noneOrMore(
    whole(400, 599),
    'Statuses of the upstream that count as failures, beside having no answer at all.',
  ),
}))

type FallbackConfig = Read<typeof fallbackSetting>

const FALLBACKS = metric({
  kind: 'counter',
  name: 'headgate_fallbacks_total',
  labels: ['route'],
  help: 'Requests that were answered by the fallback of the route.',
})

export const fallbackLayer: ExchangeRow<
  { readonly route: Route<'fallback', FallbackConfig> },
  { readonly leadTo: LeadTo; readonly metrics: MetricRegistry; readonly geo?: GeoLookup | undefined },
  FallbackConfig
> = {
  name: 'fallback',
  once: 'exchange',
  about: 'answers in another way where the upstream fails',
  judged: false,
  towardsUpstream: true,
  counter: { metric: FALLBACKS, shownWith: ['hedge', 'fallback'] },
  upstreams: ({ upstream }) => [[['upstream'], upstream]],
  checks: oneWay,
  rules: [{ at: [], rules: [oneOfKeys(['respond', 'upstream'])] }],
  build({ route }, { leadTo, metrics, geo }) {
    if (route.fallback === undefined) return undefined
    const { respond, upstream, statuses } = route.fallback
    const fallbacks = metrics.get(FALLBACKS, { route: route.name })
    const onFallback = (): void => fallbacks.add(1)
    if (respond !== undefined) return fallback({ answer: respondWith(respond, geo), statuses, onFallback })
    if (upstream === undefined) throw new TypeError(`route ${route.name}: its fallback leads nowhere`)
    return fallback({ answer: leadTo('fallback', upstream), forwards: true, statuses, onFallback })
  },
  tells: ({ route }) => route.fallback,
}

/** A fallback is one thing or another. */
function oneWay(written: unknown, path: Path): Finding[] {
  if (!isFields(written)) return []
  const { respond, upstream } = written
  if ((respond === undefined) !== (upstream === undefined)) return []
  const problem = respond === undefined ? 'leads nowhere' : 'has both "respond" and "upstream"'
  return [{ path, problem, allowed: 'one of respond and upstream' }]
}
