import assert from 'node:assert/strict'
import { test } from 'node:test'
import { targetName } from '../../src/upstream/connect/connect.ts'
import { endpointTarget } from '../../src/upstream/endpoint/endpoint-url.ts'

const leads: readonly (readonly [url: string, name: string, secure: boolean])[] = [
  ['http://127.0.0.1:9001', '127.0.0.1:9001', false],
  ['http://orders.internal', 'orders.internal:80', false],
  ['HTTP://Orders.Internal:80/', 'orders.internal:80', false],
  ['https://orders.internal', 'orders.internal:443', true],
  ['https://orders.internal:80', 'orders.internal:80', true],
  ['http://[::1]:9001', '[::1]:9001', false],
  ['https://[::1]', '[::1]:443', true],
  ['unix:/run/app.sock', 'unix:/run/app.sock', false],
  ['http+unix:/run/app.sock', 'unix:/run/app.sock', false],
  ['https+unix:/run/app.sock', 'unix:/run/app.sock', true],
]

for (const [url, name, secure] of leads) {
  test(`${url} leads to ${name}${secure ? ' over TLS' : ''}`, () => {
    const target = endpointTarget(url)
    assert.equal(targetName(target), name)
    assert.equal(target.tls !== undefined, secure)
  })
}

test('an IPv6 address is dialled without its brackets', () => {
  const target = endpointTarget('http://[::1]:9001')
  assert.equal(target.kind === 'tcp' && target.host, '::1')
})

const refused = [
  'orders.internal:9001',
  'ftp://orders.internal',
  'http://orders.internal/base',
  'http://orders.internal?x=1',
  'http://',
  'http://orders.internal:70000',
  'http://orders.internal:0',
  'http://[::1',
  'http://[12.34]',
  'unix:run/app.sock',
  '',
]

for (const url of refused) {
  test(`${JSON.stringify(url)} is refused, and the message names it`, () => {
    assert.throws(
      () => endpointTarget(url),
      (error) => error instanceof TypeError && error.message.includes(url),
    )
  })
}

test('credentials in a URL are refused and not repeated', () => {
  assert.throws(
    () => endpointTarget('http://admin:secret@orders.internal'),
    (error) =>
      error instanceof TypeError && !error.message.includes('secret') && error.message.includes('"@"'),
  )
})

test('a CA that is no certificate is refused when the configuration is read, not at the first connection', () => {
  assert.throws(() => endpointTarget('https://a.example', { verify: true, ca: 'not a certificate' }), {
    name: 'TypeError',
    message: 'tls.ca holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)',
  })
})
