import type { Http2Limits } from '@headgate/core'
import { type Read, section } from '../settings/schema/section.ts'
import { bytes, integer, time, timeOrOff } from '../settings/schema/setting.ts'
import type { Finding, Path } from '../settings/problems/problem.ts'
import { choice } from '../settings/values/choice.ts'
import type { Kind } from '../settings/values/kinds.ts'

/** A version of HTTP, by its name in ALPN (RFC 9113 3.1). */
export const protocol: Kind<'h2' | 'http/1.1'> = choice(['h2', 'http/1.1'], {
  2: 'h2',
  http2: 'h2',
  'http/2': 'h2',
  'http/2.0': 'h2',
  grpc: 'h2',
  1.1: 'http/1.1',
  http1: 'http/1.1',
  'http/1': 'http/1.1',
  'http/1.0': 'http/1.1',
})

/** The least that a window of HTTP/2 is before anything is said of it (RFC 9113 6.9.2), and the most that one may be. */
const WINDOW = { min: '65535B', max: '1GiB' } as const

export const http2Setting = section('Http2Input', () => ({
  maxStreams: integer('Requests that a client may have open at a time on one connection.', 100, 1, 10_000),
  streamWindow: bytes(
    'Content that may be on its way on one stream, once somebody reads it: 65535B, which HTTP/2 begins with, to 1GiB.',
    WINDOW,
  ).prefault('256KiB'),
  connectionWindow: bytes(
    'The same for all streams of a connection together, 65535B to 1GiB: what slow upstreams may make a connection hold.',
    WINDOW,
  ).prefault('1MiB'),
  maxContinuations: integer('CONTINUATION frames of one field block.', 16, 0, 1_000),
  maxCookieCrumbs: integer('Fields that Cookie may be cut into.', 200, 1, 10_000),
  settingsTimeout: time('How long a client may take to acknowledge our SETTINGS.').prefault('10s'),
  pingInterval: timeOrOff(
    'How long a client may be silent while requests of it are open before it is asked by PING whether it is there; off: for ever.',
  ).prefault('60s'),
  pingTimeout: time('How long it may take to answer.').prefault('20s'),
  wastedWork: integer(
    'Points that a connection may spend on resets and frames that bring nothing forward, before it is ended: 10 for a reset stream, 1 for a PING. Each response earns 20, each second 100.',
    2_000,
    100,
  ),
}))

/** The same towards endpoints. `DEFAULT_HTTP2_CLIENT_LIMITS` has these defaults, too. */
export const upstreamHttp2Setting = section('UpstreamHttp2Input', () => ({
  maxStreams: integer(
    'Requests that are sent at a time on one connection, even if the endpoint takes more.',
    1_000,
    1,
    10_000,
  ),
  streamWindow: bytes(
    'Content that an endpoint may have on its way on one stream before somebody takes it: 65535B, which HTTP/2 begins with, to 1GiB.',
    WINDOW,
  ).prefault('256KiB'),
  connectionWindow: bytes(
    'Content that may be on its way on all streams of a connection together: 65535B to 1GiB.',
    WINDOW,
  ).prefault('1MiB'),
  settingsTimeout: time('How long an endpoint may take to acknowledge our SETTINGS.').prefault('10s'),
  pingInterval: timeOrOff(
    'How long an endpoint may be silent while requests are under way before it is asked by PING whether it is there; off: for ever.',
  ).prefault('60s'),
  pingTimeout: time('How long it may take to answer.').prefault('20s'),
  wastedWork: integer(
    'Points that an endpoint may spend on frames that bring nothing forward, before its connection is ended, as those of clients.',
    2_000,
    100,
  ),
}))

/** It has limits alone. Which versions are spoken is said elsewhere: by each listener, and by the URLs of endpoints. */
export function http2Checks(written: unknown, path: Path): Finding[] {
  return switched(written, path, 'which versions a listener speaks, its protocols say: [http/1.1], or [h2]')
}

export function upstreamHttp2Checks(written: unknown, path: Path): Finding[] {
  return switched(written, path, 'HTTP/2 is asked for by h2c:// in URLs, or by protocols: [h2] for https://')
}

/** `http2: off`, or `on`. */
function switched(written: unknown, path: Path, hint: string): Finding[] {
  if (typeof written !== 'boolean' && written !== 'off' && written !== 'on') return []
  return [{ path, problem: 'is not an object', allowed: 'limits, such as { maxStreams: 50 }', hint }]
}

export type UpstreamHttp2Config = Read<typeof upstreamHttp2Setting>

export function upstreamHttp2Limits({ maxStreams, ...others }: UpstreamHttp2Config): Partial<Http2Limits> {
  return { ...others, streams: maxStreams }
}

export type Http2Config = Read<typeof http2Setting>

export function http2Limits(config: Http2Config): Http2Limits {
  const { maxStreams, maxContinuations, maxCookieCrumbs, ...others } = config
  return { ...others, streams: maxStreams, continuations: maxContinuations, cookieCrumbs: maxCookieCrumbs }
}
