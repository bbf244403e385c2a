import {
  type AcceptOptions,
  attemptTimeout,
  type Clock,
  DEFAULT_SERVER_OPTIONS,
  type Exchange,
  type ExchangeTimes,
  isGrpc,
  type PaceLimits,
  parseRequestTimeout,
  passDeadline,
  type Policy,
  type PathForm,
  timeout,
  times,
} from '@headgate/core'
import { type Http2Config, http2Limits } from './http2.ts'
import type { AttemptRow, ExchangeRow, Route } from './layer.ts'
import { type GrpcRoute, isGrpcRoute } from './grpc/conditions.ts'
import { fieldOf, type Fields, fieldsOf, millisecondsOf } from '../settings/problems/fields.ts'
import type { Finding, Path } from '../settings/problems/problem.ts'
import { widestForm } from '../routing/router/path-readings.ts'
import { once, zod } from '../settings/schema/library.ts'
import { type Read, section, writtenAs } from '../settings/schema/section.ts'
import { off, time, timeOr0, timeOr0OrOff, timeOrOff, value } from '../settings/schema/setting.ts'
import { byteRate } from '../settings/values/kinds.ts'
import { writtenByteRate, writtenTime } from '../settings/values/units.ts'

const STREAMS = 'text/event-stream, NDJSON, multipart/x-mixed-replace, gRPC and their like'

export const timeoutsSetting = section('TimeoutsInput', () => ({
  connect: time('Longest wait for a connection to an endpoint, TLS included.').prefault('5s'),
  requestHead: time('Longest wait for a client to send its whole request head.').prefault('30s'),
  responseHead: timeOrOff(
    'Longest wait for an endpoint to answer with its response head once it has the request; off: for ever.',
  ).prefault('30s'),
  bodyIdle: timeOrOff(
    'Longest pause within a body, on either side; off: none is too long, as long as clients keep to minimumByteRate.',
  ).prefault('30s'),
  streamIdle: timeOrOff(
    `Longest pause within a response that is a stream by its type (${STREAMS}), and within a WebSocket or another tunnel; off: none is too long.`,
  ).prefault('1h'),
  keepAlive: time('How long an idle connection of a client is kept open for its next request.').prefault(
    '75s',
  ),
  halfClosed: timeOr0OrOff(
    'How long a client that has closed its sending side, and takes nothing, is still answered: it may have left. 0: not at all; off: however long it takes.',
  ).prefault('500ms'),
  exchange: timeOrOff(
    'Longest duration of a whole exchange, retries included. Left out, or off, there is no limit.',
  ).optional(),
  workerStall: timeOr0(
    'How long the event loop of a worker may be held up before the worker is replaced; 0: for ever.',
  ).prefault('10s'),
}))

export type TimeoutsConfig = Read<typeof timeoutsSetting>

export const routeTimeoutsSetting = section('RouteTimeoutsInput', () => ({
  attempt: time('Longest wait for the response head of one try; then the next one may begin.').optional(),
  responseHead: timeOrOff('Instead of timeouts.responseHead; off: for ever.').optional(),
  bodyIdle: timeOrOff(
    'Instead of timeouts.bodyIdle; off: none is too long, as long as clients keep to minimumByteRate.',
  ).optional(),
  streamIdle: timeOrOff('Instead of timeouts.streamIdle; off: none is too long.').optional(),
}))

/** Absent: as in the timeouts of the whole gateway, but attempt. */
export type RouteTimeoutsConfig = Read<typeof routeTimeoutsSetting>

const NO_RATE = { rate: 0, grace: 0 }

export const minimumByteRateSetting = once(() =>
  writtenAs(
    zod().union([
      off().transform((): typeof NO_RATE => NO_RATE),
      section('MinimumByteRateInput', () => ({
        rate: value(
          byteRate(),
          'Slowest rate at which a peer may send a body; 0 turns the check off.',
        ).prefault('240B/s'),
        grace: time('How long a peer may be slower than that.').prefault('30s'),
      }))(),
    ]),
    ({ rate, grace }) =>
      rate === 0 && grace === 0 ? 'off' : { rate: writtenByteRate(rate), grace: writtenTime(grace) },
  ),
)

/** The rate is in bytes per second; 0 turns it off. */
export type MinimumByteRateConfig = Read<typeof minimumByteRateSetting>

/** What a route's exchanges are timed by, where it is anything else than what the whole gateway has. */
function routeTimes(
  route: TimedRoute,
  { timeouts, minimumByteRate }: TimedGateway,
): ExchangeTimes | undefined {
  const { responseHead, bodyIdle, streamIdle } = route.timeouts ?? {}
  if ((responseHead ?? bodyIdle ?? streamIdle ?? route.minimumByteRate) === undefined) return undefined
  const idle = bodyIdle ?? timeouts.bodyIdle
  const { downstream, upstream } = paces(idle, route.minimumByteRate ?? minimumByteRate)
  return {
    responseHead: responseHead ?? timeouts.responseHead,
    streamIdle: streamIdle ?? timeouts.streamIdle,
    downstream,
    upstream,
  }
}

/** How fast clients and endpoints must be. An endpoint may be slow to speak, as long as it speaks: only idle time counts. */
export function paces(
  idle: number,
  { rate, grace }: MinimumByteRateConfig,
): { readonly downstream: PaceLimits; readonly upstream: PaceLimits } {
  return { downstream: { idle, minimumRate: rate, grace }, upstream: { idle, minimumRate: 0, grace } }
}

/** What connections of clients are made with. */
export function connectionOptions(config: ServedGateway, clock: Clock): AcceptOptions {
  const { timeouts, limits, minimumByteRate } = config
  return {
    ...DEFAULT_SERVER_OPTIONS,
    clock,
    limits,
    http2: http2Limits(config.http2),
    paths: widestForm(config.routes.map(({ paths }) => paths)),
    requestHeadTimeout: timeouts.requestHead,
    keepAliveTimeout: timeouts.keepAlive,
    halfClosedTimeout: timeouts.halfClosed,
    tunnelIdleTimeout: timeouts.streamIdle,
    pace: paces(timeouts.bodyIdle, minimumByteRate).downstream,
  }
}

/** A client that streams messages of gRPC may be silent for as long as a response may that is a stream. */
function callTimes(own: ExchangeTimes | undefined, { timeouts, minimumByteRate }: TimedGateway): Policy {
  const { responseHead, streamIdle, upstream } = own ?? {
    ...timeouts,
    ...paces(timeouts.bodyIdle, minimumByteRate),
  }
  const downstream = { idle: streamIdle, minimumRate: 0, grace: 0 }
  const [others, calls] = [own && times(own), times({ responseHead, streamIdle, downstream, upstream })]
  return (next) => {
    const [asOthers, asCall] = [others === undefined ? next : others(next), calls(next)]
    return function callTimes(exchange) {
      return isGrpc(exchange.request.headers.get('content-type')) ? asCall(exchange) : asOthers(exchange)
    }
  }
}

export type TimedRoute = GrpcRoute &
  Route<'timeouts', RouteTimeoutsConfig> &
  Route<'minimumByteRate', MinimumByteRateConfig> &
  Route<'timeout', number>

export interface TimedGateway {
  readonly timeouts: TimeoutsConfig
  readonly minimumByteRate: MinimumByteRateConfig
  readonly deadlines: boolean
}

interface ServedGateway extends TimedGateway {
  readonly limits: AcceptOptions['limits']
  readonly http2: Http2Config
  readonly routes: readonly { readonly paths: PathForm }[]
}

export interface Timed {
  readonly route: TimedRoute
  readonly config: TimedGateway
}

export const timesLayer: ExchangeRow<Timed> = {
  name: 'timeouts',
  once: 'exchange',
  about:
    'gives the exchange the time limits of its route, where they are not those of the whole gateway, and calls of gRPC those of streams',
  towardsUpstream: true,
  checks: uselessAttempt,
  build({ route, config }) {
    const own = routeTimes(route, config)
    return isGrpcRoute(route) ? callTimes(own, config) : own && times(own)
  },
  tells({ route: { timeouts, minimumByteRate } }) {
    const { attempt: _, ...own } = fieldsOf(timeouts)
    return { ...own, minimumByteRate }
  },
}

export const timeoutLayer: ExchangeRow<Timed> = {
  name: 'timeout',
  once: 'exchange',
  about: 'gives the exchange up that takes too long, all its attempts together',
  build({ route, config }) {
    const exchange = route.timeout ?? config.timeouts.exchange
    if (exchange === undefined && !config.deadlines) return undefined
    return timeout({ exchange, asked: config.deadlines ? askedTimeout : undefined })
  },
  tells: ({ route, config }) => ({ exchange: route['timeout'] ?? fieldOf(config['timeouts'], 'exchange') }),
}

/** What the client itself gives the exchange. */
function askedTimeout({ request }: Exchange): number | undefined {
  return parseRequestTimeout(request.headers)
}

export const attemptTimeoutLayer: AttemptRow<Timed> = {
  name: 'timeouts.attempt',
  once: 'attempt',
  about: 'gives an attempt up that has no response head in time',
  build({ route: { timeouts } }) {
    const attempt = timeouts?.attempt
    return attempt === undefined ? undefined : attemptTimeout({ attempt })
  },
  tells: ({ route }) => fieldOf(route['timeouts'], 'attempt'),
}

export const deadlinesLayer: AttemptRow<Timed> = {
  name: 'deadlines',
  once: 'attempt',
  about: 'tells the upstream how much time is left',
  build: ({ route, config }) =>
    config.deadlines ? passDeadline({ attempt: route.timeouts?.attempt }) : undefined,
  tells: ({ config }) => config.deadlines,
}

function uselessAttempt(written: unknown, path: Path, route: Fields): Finding[] {
  const [attempt, all] = [millisecondsOf(fieldOf(written, 'attempt')), millisecondsOf(route['timeout'])]
  if (attempt === undefined || all === undefined || attempt <= all) return []
  const problem = 'is without effect: the "timeout" of the route, for all tries together, is shorter'
  return [{ path: [...path, 'attempt'], problem }]
}
