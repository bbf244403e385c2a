import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  bodyFrom,
  Exchange,
  fieldText,
  HttpRequest,
  type Outcome,
  type Peer,
  TrafficError,
} from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import { accessLine, JsonAccessLog } from '../../../src/features/access-log/access-log.ts'
import { fc } from '../../../../../scripts/testing/property.ts'

const PEER: Peer = { address: '192.0.2.1', port: 1234, encrypted: false }
const DELIVERED: Outcome = { status: 200, error: undefined, bytesSent: 7, bytesReceived: 3 }
const TIME = '2026-01-01T00:00:00.000Z'

function exchangeFor(url: string, headers: Record<string, string> = {}): Exchange {
  const exchange = new Exchange(
    HttpRequest.to(url, { headers, body: bodyFrom('abc') }),
    new VirtualClock(),
    PEER,
  )
  exchange.route = 'orders'
  return exchange
}

function logged(exchange: Exchange, outcome: Outcome = DELIVERED): Record<string, unknown> {
  return JSON.parse(accessLine(exchange, outcome, 1.23456, TIME)) as Record<string, unknown>
}

it('tells all that is known of an exchange', () => {
  const exchange = exchangeFor('http://shop.example:8080/a?b=c', { 'user-agent': 'test/1' })
  exchange.id = 'id-1'
  exchange.clientAddress = '198.51.100.7'
  exchange.clientScheme = 'https'
  exchange.endpoint = '127.0.0.1:9001'
  exchange.attempts = 2
  exchange.error = new TrafficError('connect_failed', 'refused')
  assert.deepEqual(logged(exchange, { ...DELIVERED, status: 502 }), {
    time: TIME,
    id: 'id-1',
    route: 'orders',
    method: 'GET',
    scheme: 'https',
    host: 'shop.example:8080',
    path: '/a?b=c',
    status: 502,
    duration_ms: 1.235,
    bytes_sent: 7,
    bytes_received: 3,
    client: '198.51.100.7',
    peer: '192.0.2.1',
    endpoint: '127.0.0.1:9001',
    attempts: 2,
    error: 'connect_failed',
    error_reason: 'refused',
    user_agent: 'test/1',
    version: '1.1',
  })
})

it('leaves out what there is not', () => {
  const outcome = { ...DELIVERED, status: undefined, error: new TrafficError('downstream_closed', 'left') }
  assert.deepEqual(logged(exchangeFor('http://a.example/'), outcome), {
    time: TIME,
    route: 'orders',
    method: 'GET',
    scheme: 'http',
    host: 'a.example',
    path: '/',
    status: null,
    duration_ms: 1.235,
    bytes_sent: 7,
    bytes_received: 3,
    attempts: 0,
    client: '192.0.2.1',
    error: 'downstream_closed',
    error_reason: 'left',
    version: '1.1',
  })
})

it('shows no secret of the query', () => {
  const line = logged(exchangeFor('http://a.example/x?a=1&access_token=SECRET&b=2'))
  assert.equal(line['path'], '/x?a=1&access_token=[redacted]&b=2')
})

it('is one line of ASCII and valid JSON, whatever bytes the peer sent', () => {
  const unit = (min: number, max: number) => fc.integer({ min, max }).map((code) => String.fromCharCode(code))
  const fieldValue = fc.string({ unit: fc.oneof(unit(0x20, 0x7e), unit(0x80, 0xff)), maxLength: 60 })
  const anything = fc.string({ unit: unit(0, 0xffff), maxLength: 200 })
  fc.assert(
    fc.property(fieldValue, anything, (userAgent, id) => {
      const exchange = exchangeFor('http://a.example/', { 'user-agent': userAgent })
      exchange.id = id
      const text = accessLine(exchange, DELIVERED, 1, TIME)
      assert.match(text, /^[ -~]*\n$/)
      const line = JSON.parse(text) as Record<string, unknown>
      assert.equal(line['user_agent'], fieldText(userAgent))
      assert.equal(line['id'] ?? '', id)
    }),
  )
})

it('stays short enough for a pipe to take it whole', () => {
  const exchange = exchangeFor(`http://a.example/${'x'.repeat(9000)}`, {
    'user-agent': '\u00ff'.repeat(5000),
  })
  const text = accessLine(exchange, DELIVERED, 1, TIME)
  assert.ok(text.length <= 4096, `${text.length} bytes`)
  assert.match(text, /x\.\.\."/)
})

it('has the time of the exchange’s end', async () => {
  const clock = new VirtualClock()
  const lines: string[] = []
  const log = new JsonAccessLog({ write: (line) => lines.push(line) }, clock)
  const exchange = exchangeFor('http://a.example/')
  log.record(exchange, DELIVERED, 1)
  log.record(exchange, DELIVERED, 1)
  await clock.advance(1500)
  log.record(exchange, DELIVERED, 1)
  const times = lines.map((line) => (JSON.parse(line) as { time: string }).time)
  assert.deepEqual(times, [TIME, TIME, '2026-01-01T00:00:01.500Z'])
})
