import { isToken, type UpstreamOptions } from '@headgate/core'
import { type Kind, method, whole } from '../settings/values/kinds.ts'
import { parsed, refused, scalarText } from '../settings/values/parsed.ts'
import { TOKEN } from '../settings/values/host.ts'
import { zod } from '../settings/schema/library.ts'
import { keyed, list } from '../settings/schema/list.ts'
import { nothing, type Read, section } from '../settings/schema/section.ts'
import { integer, off, oneOf, time, value } from '../settings/schema/setting.ts'
import { fieldOf, type Fields, fieldsOf, growingTimes, listOf } from '../settings/problems/fields.ts'
import { type Finding, type Path, unused } from '../settings/problems/problem.ts'
import { requestField, secretFieldValue } from '../settings/values/request-field.ts'

/** What of a request is hashed; the names of headers are in lower case. */
export type HashKeyConfig =
  | { readonly kind: 'client-ip' }
  | { readonly kind: 'path' }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string }

export const hashKey: Kind<HashKeyConfig> = {
  allowed: 'client-ip, path, header:NAME or cookie:NAME',
  json: { type: 'string', pattern: `^(client-ip|path|(header|cookie):${TOKEN})$` },
  parse(written) {
    if (written === 'client-ip' || written === 'path') return parsed({ kind: written })
    const [, kind, name = ''] = /^(header|cookie):(.*)$/.exec(scalarText(written)) ?? []
    if (kind === undefined) return refused('is not a part of a request')
    if (!isToken(name)) return refused(`holds no name of a ${kind}`)
    return parsed(kind === 'header' ? { kind: 'header', name: name.toLowerCase() } : { kind: 'cookie', name })
  },
  write: (key) => ('name' in key ? `${key.kind}:${key.name}` : key.kind),
}

export const cookieName: Kind<string> = {
  allowed: 'the name of a cookie, such as route',
  json: { type: 'string', pattern: `^${TOKEN}$` },
  parse: (written) =>
    typeof written === 'string' && isToken(written)
      ? parsed(written)
      : refused('is not the name of a cookie'),
}

/** Operators are not shown it. */
export const secretText: Kind<string> = {
  allowed: 'a text of at least 16 characters',
  json: { type: 'string', minLength: 16, writeOnly: true },
  parse(written) {
    if (typeof written !== 'string') return refused('is not a text')
    // By characters, as JSON Schema counts them.
    return Array.from(written).length < 16 ? refused('is too short') : parsed(written)
  },
}

/** Path and query, as they are sent. */
export const requestPath: Kind<string> = {
  allowed: 'a path such as /healthz, with a query or without',
  json: { type: 'string', pattern: '^/[\\x21\\x22\\x24-\\x7e]*$' },
  parse: (written) =>
    typeof written === 'string' && /^\/[\x21\x22\x24-\x7e]*$/.test(written)
      ? parsed(written)
      : refused('is not a path'),
}

export const hostText: Kind<string> = {
  allowed: 'a host, with a port or without, such as orders.internal',
  json: { type: 'string', pattern: '^(?:[a-z0-9_.-]+|\\[[0-9a-f:.]+\\])(?::[0-9]{1,5})?$' },
  parse: (written) =>
    typeof written === 'string' && /^(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/.test(written)
      ? parsed(written)
      : refused('is not a host'),
}

export const serviceText: Kind<string> = {
  allowed: 'the name of a service, such as shop.Orders',
  json: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
  parse: (written) =>
    typeof written === 'string' && /^[\x21-\x7e]{1,255}$/.test(written)
      ? parsed(written)
      : refused('is not the name of a service'),
}

export interface StatusRange {
  readonly from: number
  readonly to: number
}

export const statusRange: Kind<StatusRange> = {
  allowed: 'a status such as 204, or a range such as 200-299, from 100 to 599',
  json: {
    anyOf: [
      { type: 'integer', minimum: 100, maximum: 599 },
      { type: 'string', pattern: '^[1-5]\\d\\d(-[1-5]\\d\\d)?$' },
    ],
  },
  parse(written) {
    const [, first, last = first] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(scalarText(written)) ?? []
    if (first === undefined) return refused('is not a status')
    const [from, to] = [Number(first), Number(last)]
    return from <= to ? parsed({ from, to }) : refused('begins after its end')
  },
  write: ({ from, to }) => (from === to ? from : `${from}-${to}`),
}

/** The settings of an upstream that say which endpoint an exchange goes to. */

export const hashSetting = section('HashInput', () => ({
  key: value(
    hashKey,
    'The part of the request: client-ip, path, header:NAME or cookie:NAME. A request without it goes to a random endpoint.',
  ).prefault('client-ip'),
  maxLoad: value(
    whole(101, 10_000),
    'Percentage of the average load at which an endpoint passes its keys on to their next best. Left out, there is no bound.',
  ).optional(),
}))

export const stickySetting = section('StickyInput', () => ({
  cookie: value(cookieName, 'The name of the cookie.').prefault('headgate-endpoint'),
  maxAge: time('How long the client keeps it. Left out: until it ends its session.').optional(),
  secret: value(
    secretText,
    'Keys the ids of endpoints in the cookie. Left out: who guesses the address of an endpoint can confirm it.',
  ).optional(),
}))

const successRate = section('SuccessRateInput', () => ({
  requests: integer(
    'Exchanges that an endpoint must have had since the last comparison to be judged.',
    100,
    1,
  ),
  endpoints: integer('How many such endpoints there must be.', 5, 3),
}))

export const outliersSetting = section('OutliersInput', () => ({
  consecutiveFailures: integer(
    'Failures in a row after which an endpoint is left alone; 0: these do not matter.',
    5,
    0,
  ),
  statuses: list(value(whole(400, 599)))
    .prefault([502, 503, 504])
    .describe(
      'Statuses that count as failures, beside connections that fail or break and timeouts; [502, 503, 504] unless written.',
    ),
  successRate: zod()
    .union([off(), successRate()])
    .prefault(false)
    .describe(
      'Leave an endpoint alone whose rate of successes is far below that of the others; false: rates do not matter.',
    ),
  interval: time('How often the rates of successes are compared.').prefault('10s'),
  ejectionTime: time(
    'How long an endpoint is left alone; the second time twice as long, the third three times, and so on.',
  ).prefault('30s'),
  maxEjectionTime: time('The longest time that an endpoint is left alone.').prefault('5m'),
  maxEjectionPercent: integer(
    'At most this percentage of the endpoints, rounded down, is left alone at a time.',
    50,
    0,
    100,
  ),
}))

export const healthSetting = section('HealthInput', () => ({
  type: oneOf(
    ['http', 'tcp'],
    'What is asked for: a good answer (http), or that it accepts a connection (tcp).',
  ).prefault('http'),
  grpc: section('GrpcHealthInput', () => ({
    service: value(
      serviceText,
      'The service that is asked after. Left out: the server as a whole.',
    ).optional(),
  }))()
    .optional()
    .describe(
      'Ask by gRPC (grpc.health.v1) whether it is serving, in place of type, path, method and statuses. It needs an upstream that speaks HTTP/2.',
    ),
  path: value(requestPath, 'The path that is asked for, with its query.').prefault('/'),
  method: value(method, 'The method of the request.').prefault('GET'),
  host: value(hostText, "What Host says. Left out: the endpoint's own name.").optional(),
  headers: keyed(requestField, value(secretFieldValue))
    .prefault(nothing)
    .describe('Further fields of the request.'),
  statuses: list(value(statusRange))
    .min(1)
    .prefault(['200-299'])
    .describe('Good answers: statuses, or ranges such as 200-299.'),
  interval: time('From check to check, at most; up to a tenth less, at random.').prefault('5s'),
  timeout: time('Longest wait for the answer, connection included.').prefault('2s'),
  healthyThreshold: integer(
    'Good answers in a row until an endpoint is used again; where none is left, one is enough.',
    2,
    1,
  ),
  unhealthyThreshold: integer(
    'Bad answers in a row until an endpoint is not used any more; of the first check, one.',
    3,
    1,
  ),
}))

export type HealthConfig = Read<typeof healthSetting>

/** An upstream, as far as it says which endpoint an exchange goes to. */
interface BalancedUpstream {
  readonly balance: NonNullable<UpstreamOptions['balance']>['method']
  readonly hash?: Read<typeof hashSetting> | undefined
  readonly sticky?: Read<typeof stickySetting> | undefined
  readonly slowStart: number
  readonly panicThreshold: number
  readonly overprovisioning: number
  readonly zone?: string | undefined
  readonly outliers: Read<typeof outliersSetting> | false
  readonly health: HealthConfig | false
}

type Balancing = Pick<
  UpstreamOptions,
  'balance' | 'sticky' | 'slowStart' | 'panicThreshold' | 'outliers' | 'health' | 'overprovisioning' | 'zone'
>

/**
 * The configured balancing and health, as the engine wants it.
 * @param zone of the whole gateway
 */
export function balancingOptions(config: BalancedUpstream, zone?: string): Balancing {
  const { hash, sticky, outliers, health } = config
  return {
    balance: {
      method: config.balance,
      hash: hash && {
        key: hash.key,
        loadFactor: hash.maxLoad === undefined ? undefined : hash.maxLoad / 100,
      },
    },
    sticky: sticky && {
      cookie: sticky.cookie,
      maxAge: sticky.maxAge === undefined ? undefined : Math.ceil(sticky.maxAge / 1_000),
      secret: sticky.secret,
    },
    slowStart: config.slowStart,
    panicThreshold: config.panicThreshold,
    overprovisioning: config.overprovisioning / 100,
    zone: config.zone ?? zone,
    outliers: outliers || undefined,
    health: health ? healthOptions(health) : undefined,
  }
}

function healthOptions({
  type,
  grpc,
  path,
  method,
  host,
  headers,
  statuses,
  ...rest
}: HealthConfig): Balancing['health'] {
  if (grpc !== undefined) return { ...rest, probe: { kind: 'grpc', service: grpc.service, host, headers } }
  return {
    ...rest,
    probe: type === 'tcp' ? { kind: 'tcp' } : { kind: 'http', path, method, host, headers, statuses },
  }
}

const OTHER_TYPE = { problem: 'is not one of the choices', allowed: 'http or tcp' }

/** Beside `grpc`, with what they are where they are left out: a configuration that is shown has that, and may be sent back. */
const WITHOUT_GRPC: Readonly<Record<string, string>> = {
  type: 'http',
  path: '/',
  method: 'GET',
  statuses: '200-299',
}

function besideGrpc(written: Fields, path: Path): Finding[] {
  return Object.entries(WITHOUT_GRPC).flatMap(([key, left]): Finding[] => {
    const value = written[key]
    const given: unknown = Array.isArray(value) ? value.join(',') : value
    if (given === undefined || given === left) return []
    return [unused([...path, key], 'is without effect beside "grpc"')]
  })
}

export function healthChecks(written: unknown, path: Path, upstream: Fields): Finding[] {
  if (fieldOf(written, 'type') === 'grpc')
    return [
      { path: [...path, 'type'], ...OTHER_TYPE, hint: 'to ask by gRPC, write grpc: {} in place of type' },
    ]
  if (fieldOf(written, 'grpc') === undefined) return []
  const urls = listOf(upstream['endpoints']).map((endpoint) => fieldOf(endpoint, 'url'))
  const speaksHttp2 = (url: unknown): boolean =>
    typeof url !== 'string' ||
    /^h2c/i.test(url) ||
    (/^https/i.test(url) && listOf(upstream['protocols']).includes('h2'))
  const http1: Finding = {
    path: [...path, 'grpc'],
    whole: true,
    problem: 'asks by gRPC, but no endpoint speaks HTTP/2, so all would be found unhealthy',
    allowed: 'endpoints with URLs of h2c, or of https where "protocols" has h2',
  }
  return [
    ...besideGrpc(fieldsOf(written), path),
    ...(urls.length > 0 && !urls.some(speaksHttp2) ? [http1] : []),
  ]
}

export function hashChecks(_written: unknown, path: Path, upstream: Fields): Finding[] {
  if (upstream['balance'] === 'consistent-hash') return []
  const problem = 'is without effect: "balance" is not consistent-hash'
  return [{ path, part: 'key', whole: true, problem }]
}

export function outlierChecks(written: unknown, path: Path): Finding[] {
  return growingTimes(
    written,
    path,
    { key: 'ejectionTime', default: '30s' },
    { key: 'maxEjectionTime', default: '5m' },
  )
}
