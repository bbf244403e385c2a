import { MAX_PRIORITY, MAX_WEIGHT } from '@headgate/core'
import '../../settings/schema/use-zod.ts'
import { once, zod } from '../../settings/schema/library.ts'
import { nothing, type Read, section, writtenAs } from '../../settings/schema/section.ts'
import { withMain } from '../../settings/schema/schema-tree.ts'
import { hashSetting, healthSetting, outliersSetting, stickySetting } from '../../features/balancing.ts'
import { discovered } from '../../features/discovery.ts'
import { gatewayZone, overprovisioning, zoneName } from '../../features/failover.ts'
import { list } from '../../settings/schema/list.ts'
import { integer, off, oneOf, time, timeOr0, value } from '../../settings/schema/setting.ts'
import { upstreamUrl } from '../../settings/values/kinds.ts'
import { breakerSetting } from '../../features/breaker.ts'
import { protocol, upstreamHttp2Setting } from '../../features/http2.ts'
import { upstreamProxyProtocol } from '../../features/proxy-protocol/upstream-setting.ts'
import { upstreamTls } from '../../features/tls/upstream-setting.ts'
import { concurrencySetting } from '../../features/concurrency.ts'

const endpoint = once(() =>
  writtenAs(
    section('EndpointInput', () => ({
      url: value(
        upstreamUrl,
        'http://host:port, https://host:port, h2c://host:port for HTTP/2 without TLS, or unix:/run/app.sock (https+unix: with TLS, h2c+unix: for HTTP/2) for a unix socket.',
      ).optional(),
      ...discovered(),
      weight: integer('Share of the requests, relative to the other endpoints.', 1, 1, MAX_WEIGHT),
      priority: integer(
        'When it is used: those with 0 first, those with a higher number when too few of those before them are usable.',
        0,
        0,
        MAX_PRIORITY,
      ),
      zone: value(zoneName, 'Where it is.').optional(),
    }))(),
    ({ weight, ...others }) => (others.srv === undefined ? { ...others, weight } : others),
  ),
)

/** Its URL is in canonical form, and absent where DNS tells it. */
export type EndpointConfig = Read<typeof endpoint>

const pool = section('PoolInput', () => ({
  maxConnections: integer('Connections per endpoint and worker.', 1024, 1),
  maxPending: integer(
    'Exchanges per endpoint and worker that may wait for a connection; beyond that: 503.',
    1024,
    0,
  ),
  pendingTimeout: time('Longest wait for a free connection.').prefault('5s'),
  idleTimeout: time(
    "How long an unused connection is kept; keep it below the origin's own limit, or requests meet connections that the origin is closing.",
  ).prefault('60s'),
  maxAge: time(
    'Age at which a connection is replaced, spread at random, so that changes of DNS are noticed.',
  ).prefault('10m'),
}))

export const upstream = section('UpstreamInput', () => ({
  endpoints: list(endpoint().meta(withMain('url')))
    .min(1)
    .describe('The addresses among which requests are spread.'),
  balance: oneOf(
    ['round-robin', 'least-connections', 'random', 'peak-ewma', 'consistent-hash'],
    'How an endpoint is picked: in turns by weight (round-robin), the one with the fewest exchanges (least-connections), by lot (random), of two random ones the one that answers faster (peak-ewma), or the same one for the same key (consistent-hash).',
  ).prefault('round-robin'),
  hash: hashSetting().optional().describe('What decides the endpoint where balance is consistent-hash.'),
  sticky: stickySetting()
    .optional()
    .describe('Hold each client to the endpoint that answered it first, by a cookie that the gateway sets.'),
  slowStart: timeOr0('How long an endpoint that comes back takes to get its full share; 0: none.').prefault(
    0,
  ),
  panicThreshold: integer(
    'With fewer usable endpoints than this percentage, all that are not marked down are used, lest the few be overrun; 0: never. Where checks say that all are down, none is used.',
    30,
    0,
    100,
  ),
  zone: gatewayZone()
    .optional()
    .describe('Where this gateway is, for this upstream, in place of the zone of the whole gateway.'),
  overprovisioning: overprovisioning(),
  outliers: zod()
    .union([off(), outliersSetting()])
    .prefault(nothing)
    .describe('Leave endpoints alone for a while that fail in traffic; false: never.'),
  health: zod()
    .union([off(), healthSetting()])
    .prefault(false)
    .describe('Ask the endpoints again and again whether they are well; false: not.'),
  pool: pool().prefault(nothing).describe('Connections to each endpoint.'),
  timeouts: section('UpstreamTimeoutsInput', () => ({
    connect: time('Longest wait for a connection to these endpoints, TLS included.').optional(),
  }))()
    .optional()
    .describe('Instead of the timeouts of the whole gateway.'),
  breaker: breakerSetting()
    .optional()
    .describe(
      'Stop sending for a while where the upstream as a whole, or an endpoint, keeps failing. Left out: never.',
    ),
  concurrency: concurrencySetting()
    .optional()
    .describe('How many exchanges may be under way to it, of all routes together.'),
  tls: upstreamTls().optional().describe('TLS towards the https endpoints.'),
  proxyProtocol: upstreamProxyProtocol().optional(),
  protocols: list(value(protocol))
    .min(1)
    .prefault(['http/1.1'])
    .describe(
      'What https endpoints are offered, the most wanted first: they choose by ALPN. Endpoints of h2c speak HTTP/2, those of http HTTP/1.1, whatever stands here.',
    ),
  http2: upstreamHttp2Setting()
    .optional()
    .describe('What is asked of a connection of HTTP/2 to an endpoint. Left out: the defaults.'),
}))

export type UpstreamConfig = Read<typeof upstream>
