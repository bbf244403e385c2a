import {
  GRPC_RETRY_STATUSES,
  GRPC_STATUSES,
  type MetricRegistry,
  retry,
  RETRY_STATUSES,
  type RetryBudget,
} from '@headgate/core'
import type { AttemptRow, Route } from './layer.ts'
import { fieldOf, growingTimes, millisecondsOf } from '../settings/problems/fields.ts'
import type { Finding, Path } from '../settings/problems/problem.ts'
import { noneOrMore } from '../settings/schema/list.ts'
import { metric } from '../metrics/metric.ts'
import { nothing, type Read, section } from '../settings/schema/section.ts'
import { integer, oneOf, timeOr0 } from '../settings/schema/setting.ts'
import { choice } from '../settings/values/choice.ts'
import type { Kind } from '../settings/values/kinds.ts'
import { parsed, refused } from '../settings/values/parsed.ts'

/** By their names; their numbers are known from the wire. */
const grpcRetryStatus: Kind<(typeof GRPC_RETRY_STATUSES)[number]> = choice(
  GRPC_RETRY_STATUSES,
  Object.fromEntries(GRPC_RETRY_STATUSES.map((name) => [GRPC_STATUSES.indexOf(name), name])),
)

export const retryStatus: Kind<number> = {
  allowed: RETRY_STATUSES.join(', '),
  json: { type: 'integer', enum: RETRY_STATUSES },
  type: 'number',
  parse(written) {
    const status = RETRY_STATUSES.find((each) => each === written)
    if (status !== undefined) return parsed(status)
    const ofGrpc = grpcRetryStatus.parse(typeof written === 'string' ? written.toUpperCase() : '')
    const hint = ofGrpc.ok ? `did you mean grpcStatuses: [${ofGrpc.value}]?` : undefined
    return refused('says nothing of another try', hint)
  },
}

export const retrySetting = section('RetryInput', () => ({
  attempts: integer('Total tries, the first included; only what is safe to repeat is tried again.', 3, 1, 10),
  backoff: section('BackoffInput', () => ({
    base: timeOr0('Wait before the second try; it doubles with each further one, spread at random.').prefault(
      '25ms',
    ),
    max: timeOr0('Longest wait between two tries.').prefault('1s'),
    jitter: oneOf(
      ['full', 'equal', 'decorrelated'],
      'How a wait is spread at random: anywhere below it, in its upper half, or up to three times the one before.',
    ).prefault('full'),
  }))()
    .prefault(nothing)
    .describe('Waits between tries.'),
  statuses: noneOrMore(
    retryStatus,
    'Statuses of the upstream after which it is tried again, where that is safe: some of 408, 425, 429, 500, 502, 503 and 504.',
  ),
  grpcStatuses: noneOrMore(
    grpcRetryStatus,
    'Statuses of gRPC after which a call is tried again where the upstream has sent nothing else. To list one says that the methods of this route may be called twice.',
  ),
}))

export type RetryConfig = Read<typeof retrySetting>

export const RETRIES = metric({
  kind: 'counter',
  name: 'headgate_retries_total',
  labels: ['route'],
  help: 'Attempts beyond the first.',
})

export const retryLayer: AttemptRow<
  { readonly route: Route<'retry', RetryConfig | false> },
  { readonly destination: { readonly budget: RetryBudget }; readonly metrics: MetricRegistry }
> = {
  name: 'retry',
  once: 'attempt',
  about: 'makes the attempts; without it, one, and a stale keep-alive connection is replaced all the same',
  judged: false,
  towardsUpstream: true,
  // Where nothing is ever sent, too.
  counter: { metric: RETRIES, shownWith: ['observe'] },
  checks: (written, path) => backoffChecks(fieldOf(written, 'backoff'), [...path, 'backoff']),
  build({ way, route }, { destination: { budget }, metrics }) {
    const retries = metrics.get(RETRIES, { route: route.name })
    // What answers in place of what failed is asked once.
    const attempts = (way === 'target' && route.retry) || ONE_ATTEMPT
    const spool = attempts.grpcStatuses.length > 0 ? GRPC_SPOOL : 0
    return retry({ ...attempts, spool, budget, onRetry: () => retries.add(1) })
  },
  tells: ({ way, route }) => way === 'target' && route.retry,
}

const ONE_ATTEMPT = { attempts: 1, backoff: { base: 0, max: 0 }, grpcStatuses: [] }

/** Bytes of a call that are kept for another try while they stream: what is longer is sent once. */
const GRPC_SPOOL = 64 * 1024

function backoffChecks(backoff: unknown, path: Path): Finding[] {
  const [base, max] = [{ key: 'base', default: '25ms' } as const, { key: 'max', default: '1s' } as const]
  return growingTimes(backoff, path, base, max, (written) => (written === 0 ? 0 : millisecondsOf(written)))
}
