import {
  type Exchange,
  GRPC_STATUSES,
  isGrpc,
  type MetricRegistry,
  type Outcome,
  type Policy,
} from '@headgate/core'
import { metric } from '../../metrics/metric.ts'
import { fieldOf, fieldsOf } from '../../settings/problems/fields.ts'
import type { ExchangeRow } from '../layer.ts'
import { concludeStatus, watchStatus } from './call-status.ts'
import { type GrpcRoute, isGrpcRoute } from './conditions.ts'
import { corsChecks } from '../cors/cors.ts'
import { limitMessages } from './message-limits.ts'

const CALLS = metric({
  kind: 'counter',
  name: 'headgate_grpc_calls_total',
  labels: ['route', 'status'],
  help: 'Finished calls of gRPC, by the name of their status; of routes with match.grpc or grpc.',
  sparse: true,
})

/** It stands outside of all that refuses calls, so that it sees their statuses, too. */
export const grpcLayer: ExchangeRow<
  { readonly route: GrpcRoute & { readonly name: string } },
  { readonly metrics: MetricRegistry }
> = {
  name: 'grpc',
  once: 'exchange',
  about: 'counts calls of gRPC by status, and ends those that break with one',
  towardsUpstream: true,
  checks: (written, path) => corsChecks(fieldOf(written, 'web'), [...path, 'web']),
  build({ route }, { metrics }) {
    if (!isGrpcRoute(route)) return undefined
    const counters = new Map(
      GRPC_STATUSES.map((status) => [status, metrics.get(CALLS, { route: route.name, status })]),
    )
    return grpcCalls((exchange, outcome) => {
      const status = concludeStatus(exchange, outcome)
      if (status !== undefined) counters.get(status)?.add(1)
    })
  },
  tells: () => undefined,
}

function grpcCalls(finished: (exchange: Exchange, outcome: Outcome) => void): Policy {
  return (next) =>
    function grpc(exchange) {
      if (!isGrpc(exchange.request.headers.get('content-type'))) return next(exchange)
      exchange.onFinish(finished)
      return next(exchange).then((response) => watchStatus(exchange, response))
    }
}

export const grpcLimitsLayer: ExchangeRow<{ readonly route: GrpcRoute }> = {
  name: 'grpc.limits',
  once: 'exchange',
  about: 'ends calls of gRPC with messages that are too large, or too many in a second',
  judged: false,
  build: ({ route: { grpc } }) => grpc && limitMessages(grpc),
  tells({ route }) {
    const { web: _, ...limits } = fieldsOf(route['grpc'])
    return limits
  },
}
