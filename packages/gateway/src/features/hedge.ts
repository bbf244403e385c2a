import { hedge, type MetricRegistry, type RetryBudget } from '@headgate/core'
import type { AttemptRow, Route } from './layer.ts'
import { type Read, section } from '../settings/schema/section.ts'
import { metric } from '../metrics/metric.ts'
import { integer, value } from '../settings/schema/setting.ts'
import { duration, type Kind } from '../settings/values/kinds.ts'
import { parsed } from '../settings/values/parsed.ts'
import { writtenTime } from '../settings/values/units.ts'

const time = duration({ min: '1ms' })

/** A time, or a percentile of times. */
export const hedgeDelay: Kind<number | { readonly percentile: number }> = {
  allowed: `${time.allowed}; or a percentile from p50 to p99`,
  json: { type: 'string', pattern: '^(0*[1-9][0-9]*(ms|s|m|h)|p[5-9][0-9])$' },
  type: 'Duration | `p${number}`',
  parse(written) {
    const percent = typeof written === 'string' ? /^p([5-9]\d)$/.exec(written)?.[1] : undefined
    return percent === undefined ? time.parse(written) : parsed({ percentile: Number(percent) / 100 })
  },
  write: (delay) =>
    typeof delay === 'number' ? writtenTime(delay) : `p${Math.round(delay.percentile * 100)}`,
}

export const hedgeSetting = section('HedgeInput', () => ({
  delay: value(
    hedgeDelay,
    'How long to wait for a response head before a second request is sent: a time, or p50 to p99 for the time in which that percentage of the responses came so far.',
  ).prefault('p95'),
  hedges: integer('Further requests at most, each after one more delay.', 1, 1, 5),
}))

const HEDGES = metric({
  kind: 'counter',
  name: 'headgate_hedges_total',
  labels: ['route'],
  help: 'Requests that were sent once more because the first response was late.',
})

export const hedgeLayer: AttemptRow<
  { readonly route: Route<'hedge', Read<typeof hedgeSetting>> },
  { readonly destination: { readonly budget: RetryBudget }; readonly metrics: MetricRegistry }
> = {
  name: 'hedge',
  once: 'attempt',
  about: 'makes a further attempt while the first is late',
  judged: false,
  towardsUpstream: true,
  counter: { metric: HEDGES, shownWith: ['hedge', 'fallback'] },
  build({ route }, { destination: { budget }, metrics }) {
    if (route.hedge === undefined) return undefined
    const hedges = metrics.get(HEDGES, { route: route.name })
    return hedge({ ...route.hedge, budget, key: () => '', onHedge: () => hedges.add(1) })
  },
  tells: ({ route }) => route.hedge,
}
