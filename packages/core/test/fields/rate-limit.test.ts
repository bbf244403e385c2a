import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQuotas } from '../../src/fields/rate-limit.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const NOW = Date.UTC(2026, 0, 1)
const SECONDS = NOW / 1000

for (const [name, headers, expected] of [
  ['nothing', {}, []],
  ['the draft', { ratelimit: '"default";r=50;t=30' }, [{ limit: undefined, remaining: 50, reset: 30_000 }]],
  [
    'the draft with its policy',
    { ratelimit: '"default";r=50;t=30', 'ratelimit-policy': '"default";q=100;w=60' },
    [{ limit: 100, remaining: 50, reset: 30_000 }],
  ],
  [
    'several policies',
    {
      ratelimit: '"hour";r=7;t=900, "second";r=1',
      'ratelimit-policy': '"second";q=10;w=1, "hour";q=500;w=3600',
    },
    [
      { limit: 500, remaining: 7, reset: 900_000 },
      { limit: 10, remaining: 1, reset: 1_000 },
    ],
  ],
  ['no time at all', { ratelimit: '"default";r=50' }, []],
  [
    'one dictionary',
    { ratelimit: 'limit=100, remaining=50, reset=5' },
    [{ limit: 100, remaining: 50, reset: 5_000 }],
  ],
  [
    'three fields',
    { 'ratelimit-limit': '100, 100;w=60', 'ratelimit-remaining': '50', 'ratelimit-reset': '5' },
    [{ limit: 100, remaining: 50, reset: 5_000 }],
  ],
  [
    'X- fields with a delay',
    { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '17.5' },
    [{ limit: 60, remaining: 0, reset: 17_500 }],
  ],
  [
    'X- fields with a time in seconds',
    { 'x-ratelimit-remaining': '59', 'x-ratelimit-reset': String(SECONDS + 60) },
    [{ limit: undefined, remaining: 59, reset: 60_000 }],
  ],
  [
    'a time in milliseconds',
    { 'x-rate-limit-limit': '9', 'x-rate-limit-remaining': '8', 'x-rate-limit-reset': String(NOW + 1_500) },
    [{ limit: 9, remaining: 8, reset: 1_500 }],
  ],
  [
    'a time that has passed',
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(SECONDS - 60) },
    [{ limit: undefined, remaining: 0, reset: 0 }],
  ],
  ['no reset', { 'x-ratelimit-remaining': '0' }, []],
  ['what is no number', { 'x-ratelimit-remaining': 'none', 'x-ratelimit-reset': '5' }, []],
  ['less than nothing', { 'x-ratelimit-remaining': '-1', 'x-ratelimit-reset': '5' }, []],
  ['what is malformed', { ratelimit: '"default;r=50' }, []],
  ['a date', { 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': 'Thu, 01 Jan 2026 00:02:00 GMT' }, []],
] as const) {
  test(`quotas out of ${name}`, () => {
    assert.deepEqual(parseQuotas(HeaderList.of(headers as unknown as Record<string, string>), NOW), expected)
  })
}

test('whatever the fields hold, a quota has numbers that can be used', () => {
  const value = fc.string({
    unit: fc.constantFrom('"', 'a', '1', '9', ';', 'r', '=', 't', ',', '-', '.', ' '),
  })
  const names = ['ratelimit', 'ratelimit-policy', 'x-ratelimit-remaining', 'x-ratelimit-reset']
  fc.assert(
    fc.property(fc.tuple(value, value, value, value), (values) => {
      const headers = HeaderList.of(names.map((name, index) => [name, values[index] ?? ''] as const))
      for (const { remaining, reset } of parseQuotas(headers, NOW)) assert.ok(remaining >= 0 && reset >= 0)
    }),
  )
})
