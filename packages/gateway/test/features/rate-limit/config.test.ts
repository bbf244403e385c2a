import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configJsonSchema } from '../../../src/config/json-schema/json-schema.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { HIDDEN } from '../../../src/settings/redact-text.ts'
import { redact } from '../../../src/settings/redact.ts'
import { parseRequestRate } from '../../../src/features/rate-limit/kinds.ts'

function problemsOf(rateLimit: unknown, rateLimits: unknown = {}): string[] {
  const result = parseConfig({ rateLimits, routes: [{ upstream: 'http://127.0.0.1:9000', rateLimit }] })
  assert.ok(!result.ok)
  return result.problems.map(({ path, message, hint }) => [path, message, hint].filter(Boolean).join(' | '))
}

test('a rate is a number of requests in a time', () => {
  for (const [text, requests, per] of [
    ['100/s', 100, 1_000],
    ['60/m', 60, 60_000],
    ['5/10s', 5, 10_000],
    ['1/250ms', 1, 250],
    ['1000/24h', 1_000, 86_400_000],
  ] as const)
    assert.deepEqual(parseRequestRate(text), { ok: true, value: { requests, per } })
  for (const text of ['100', '/s', '1.5/s', '1/d', '0/s', '1/0s', '-1/s', '1/s ', ''])
    assert.ok(!parseRequestRate(text).ok, text)
})

test('one limit or several, written short or long, are one list in which each has a name', () => {
  const result = parseConfig({
    rateLimits: { all: { rate: '1/s', key: 'global' } },
    routes: [
      { upstream: 'http://127.0.0.1:9000', match: { path: '/a' }, rateLimit: { rate: '100/s', burst: 200 } },
      {
        upstream: 'http://127.0.0.1:9000',
        rateLimit: ['all', { rate: '1/m', key: ['header:X-User', 'route'] }],
      },
    ],
  })
  assert.ok(result.ok)
  const common = {
    algorithm: 'token-bucket',
    bypass: { addresses: [], headers: {} },
    fields: true,
    maxKeys: 10_000,
  }
  const rate = { requests: 100, per: 1_000 }
  assert.deepEqual(result.config.routes[0]?.rateLimit, [
    { rate, burst: 200, key: [{ kind: 'client-ip' }], ...common, name: 'limit-1' },
  ])
  assert.deepEqual(result.config.routes[1]?.rateLimit, [
    'all',
    {
      rate: { requests: 1, per: 60_000 },
      key: [{ kind: 'header', name: 'x-user' }, { kind: 'route' }],
      ...common,
      name: 'limit-2',
    },
  ])
})

test('mistakes are named with their place and what was meant', () => {
  assert.deepEqual(problemsOf({ rate: 100 }), [
    'routes[0].rateLimit.rate | 100 has no time | did you mean "100/s"?',
  ])
  for (const [written, expected] of [
    [{ rate: '100 per second' }, /rate.*did you mean "100\/s"/],
    [{ rate: '1/s', key: 'client_ip' }, /key.*did you mean "client-ip"/],
    [{ rate: '1/s', key: 'header:a b' }, /is not the name of a header field/],
    [{ rate: '1/s', burst: 0 }, /burst.*is too small/],
    [{ rate: '1/s', algorithm: 'sliding-window', burst: 3 }, /burst.*has no meaning for a sliding window/],
    [{ rate: '9999999/s', algorithm: 'sliding-window' }, /too large for a sliding window/],
    [{ rate: '1/s', bypass: { addresses: ['10.0.0.0/40'] } }, /prefix/],
    [{ rate: '1/s', bypass: { headers: { 'a b': 'c' } } }, /is not the name of a header field/],
    [{ rate: '1/s', limit: 3 }, /limit.*is not a known setting/],
    [
      [
        { rate: '1/s', name: 'a' },
        { rate: '2/s', name: 'a' },
      ],
      /\[1\]\.name.*another limit of this route/,
    ],
    ['others', /is not the name of a rate limit.*did you mean "other"/],
  ] as const) {
    const problems = problemsOf(written, { other: { rate: '1/s' } })
    assert.equal(problems.length, 1, JSON.stringify(problems))
    assert.match(problems[0] ?? '', expected)
  }
})

test('the value that opens a bypass is shown to nobody', () => {
  const result = parseConfig({
    routes: [
      {
        upstream: 'http://127.0.0.1:9000',
        rateLimit: { rate: '1/s', bypass: { headers: { 'x-internal': 'open sesame' } } },
      },
    ],
  })
  assert.ok(result.ok)
  const shown = JSON.stringify(redact(result.config, configJsonSchema()))
  assert.ok(!shown.includes('sesame') && shown.includes(HIDDEN))
})
