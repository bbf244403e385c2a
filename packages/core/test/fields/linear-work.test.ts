import { test } from 'node:test'
import { parseQuotas } from '../../src/fields/rate-limit.ts'
import { parseSetCookie } from '../../src/fields/set-cookie.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { redactQuery } from '../../src/telemetry/redact.ts'
import { assertLinear } from '../linear-work.ts'

test('the work for Set-Cookie grows with what an origin sends, not with its square', () =>
  assertLinear('Set-Cookie', (text) => parseSetCookie(text, 0), { before: ['a=b'] }))

test('the work for quotas grows with what an origin sends, not with its square', () =>
  assertLinear(
    'quotas',
    (text) => {
      const headers = new HeaderList()
      headers.add('ratelimit', text)
      headers.add('ratelimit-policy', text)
      parseQuotas(headers, 0)
    },
    { behind: ['"a";r=1'] },
  ))

test('the work for a query in the log grows with what a client sends, not with its square', () =>
  assertLinear('a query', redactQuery, { before: ['?key'] }))
