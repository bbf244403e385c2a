import { zod } from '../../settings/schema/library.ts'
import { keyed, list } from '../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../settings/schema/section.ts'
import { integer, off, oneOf, time, value } from '../../settings/schema/setting.ts'
import {
  cookieName,
  hashKey,
  hostText,
  requestPath,
  secretText,
  statusRange,
} from '../values/balancing-kinds.ts'
import { method, whole } from '../../settings/values/kinds.ts'
import { requestField, secretFieldValue } from '../../settings/values/request-field.ts'

/** The settings of an upstream that say which endpoint an exchange goes to. */

export const hash = section('HashInput', () => ({
  key: value(
    hashKey,
    'The part of the request: client-ip, path, header:NAME or cookie:NAME. A request without it goes to a random endpoint.',
  ).prefault('client-ip'),
  maxLoad: value(
    whole(101, 10_000),
    'Percentage of the average load at which an endpoint passes its keys on to their next best. Left out, there is no bound.',
  ).optional(),
}))

export const sticky = section('StickyInput', () => ({
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

export const outliers = section('OutliersInput', () => ({
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

export const health = section('HealthInput', () => ({
  type: oneOf(
    ['http', 'tcp'],
    'What is asked for: a good answer (http), or that it accepts a connection (tcp).',
  ).prefault('http'),
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

export type HealthConfig = Read<typeof health>
