import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../src/config/parse.ts'

const url = 'http://127.0.0.1:9000'

function problemsOf(input: object): string[] {
  const result = parseConfig({ routes: [{ upstream: url }], ...input })
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path} ${message}`)
}

function upstream(more: object): object {
  return { upstreams: { a: { endpoints: [{ url }], ...more } } }
}

test('an endpoint that is there twice is refused, however its URL is written', () => {
  const twice = (...urls: string[]): string[] =>
    problemsOf(upstream({ endpoints: urls.map((each) => ({ url: each })) }))
  assert.deepEqual(twice(url, 'http://127.0.0.1:9001', `${url}/`), [
    `upstreams.a.endpoints[2].url "${url}/" is the address of endpoints[0] already`,
  ])
  assert.equal(twice('http://Shop.Example', 'http://shop.example:80').length, 1)
  assert.equal(twice('unix:/run/a.sock', 'unix:/run/a.sock').length, 1)
  assert.equal(twice('http://a.example:8443', 'https://a.example:8443').length, 1, 'one port, one service')
  assert.deepEqual(twice('http://a.example', 'https://a.example'), [], 'of different ports')
})

test('a time that may grow is not longer than its longest', () => {
  assert.deepEqual(problemsOf(upstream({ breaker: { openFor: '5m' } })), [
    'upstreams.a.breaker.openFor "5m" is longer than "maxOpenFor"',
  ])
  assert.deepEqual(problemsOf(upstream({ breaker: { maxOpenFor: '1s' } })), [
    'upstreams.a.breaker.maxOpenFor "1s" is shorter than "openFor"',
  ])
  assert.deepEqual(problemsOf(upstream({ outliers: { ejectionTime: '6m', maxEjectionTime: '5m' } })), [
    'upstreams.a.outliers.ejectionTime "6m" is longer than "maxEjectionTime"',
  ])
  assert.deepEqual(problemsOf(upstream({ breaker: { openFor: '1m' }, outliers: { ejectionTime: '5m' } })), [])
})

test('a try that may take longer than all tries together is refused', () => {
  const route = (timeout: string, attempt: string): string[] =>
    problemsOf({ routes: [{ upstream: url, timeout, timeouts: { attempt } }] })
  assert.equal(route('1s', '2s').length, 1)
  assert.match(route('1s', '2s')[0] ?? '', /^routes\[0\]\.timeouts\.attempt "2s" is without effect/)
  assert.deepEqual(route('2s', '2s'), [])
})
