import { once, zod } from '../../settings/schema/library.ts'
import { writtenAs } from '../../settings/schema/section.ts'
import { writtenByteRate } from '../../settings/values/units.ts'
import { writtenTime } from '../../settings/values/units.ts'
import { byteRate } from '../../settings/values/kinds.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import {
  bytes,
  bytesOrOff,
  integer,
  off,
  time,
  timeOr0,
  timeOr0OrOff,
  timeOrOff,
  value,
} from '../../settings/schema/setting.ts'

/** What a message may measure, and how long anything may take: for the whole gateway, and for a route in its place. */

const STREAMS = 'text/event-stream, NDJSON, multipart/x-mixed-replace, gRPC and their like'

const body = 'Size of a request body'

export const limits = section('LimitsInput', () => ({
  head: bytes('Size of a request or response head; a larger request head is answered with 431.', {
    min: '1KiB',
    max: '1MiB',
  }).prefault('16KiB'),
  fields: integer(
    'Number of header fields of a message; a request with more is answered with 431.',
    100,
    1,
    10_000,
  ),
  target: bytes('Length of a request target; a longer one is answered with 414.', {
    min: '64B',
    max: '1MiB',
  }).prefault('8KiB'),
  body: bytesOrOff(
    `${body}; a larger one is answered with 413. Left out, or off, there is no limit.`,
  ).optional(),
}))

export const routeLimits = section('RouteLimitsInput', () => ({
  body: bytesOrOff(`${body} on this route, instead of limits.body; off: no limit.`).optional(),
}))

export const timeouts = section('TimeoutsInput', () => ({
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

export type TimeoutsConfig = Read<typeof timeouts>

export const routeTimeouts = section('RouteTimeoutsInput', () => ({
  attempt: time('Longest wait for the response head of one try; then the next one may begin.').optional(),
  responseHead: timeOrOff('Instead of timeouts.responseHead; off: for ever.').optional(),
  bodyIdle: timeOrOff(
    'Instead of timeouts.bodyIdle; off: none is too long, as long as clients keep to minimumByteRate.',
  ).optional(),
  streamIdle: timeOrOff('Instead of timeouts.streamIdle; off: none is too long.').optional(),
}))

/** Absent: as in the timeouts of the whole gateway, but attempt. */
export type RouteTimeoutsConfig = Read<typeof routeTimeouts>

const NO_RATE = { rate: 0, grace: 0 }

export const minimumByteRate = once(() =>
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
export type MinimumByteRateConfig = Read<typeof minimumByteRate>
