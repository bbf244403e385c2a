import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Exchange, HttpRequest, type Outcome, TrafficError } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import { JsonAccessLog } from '../../../src/features/access-log/access-log.ts'
import { makeAccessLog } from '../../../src/features/access-log/open-log.ts'
import { ShortAccessLog } from '../../../src/features/access-log/short-log.ts'

const PEER = { address: '192.0.2.7', port: 1, encrypted: false }
const DELIVERED: Outcome = { status: 200, error: undefined, bytesSent: 1, bytesReceived: 0 }

function exchangeOf(url: string, method = 'GET'): Exchange {
  return new Exchange(HttpRequest.to(url, { method }), new VirtualClock(), PEER)
}

/** What is written of an exchange. */
function lineOf(exchange: Exchange, outcome: Outcome, hasColor = false, duration = 12.345): string {
  const lines: string[] = []
  new ShortAccessLog({ write: (line) => void lines.push(line) }, new VirtualClock(), hasColor).record(
    exchange,
    outcome,
    duration,
  )
  return lines.join('')
}

describe('the short access log', () => {
  it('tells time, status, method, place, duration and route in a line', () => {
    const exchange = exchangeOf('http://shop.example/orders?page=2')
    exchange.route = 'orders'
    assert.match(
      lineOf(exchange, DELIVERED),
      /^\d\d:\d\d:\d\d {2}200 {2}GET {3}shop\.example\/orders\?page=2 {2}12 ms {2}orders\n$/,
    )
    assert.match(lineOf(exchange, { ...DELIVERED, status: undefined }), /^\S+ {2}--- {2}GET/)
    assert.match(lineOf(exchange, DELIVERED, false, 61_234), / {2}61\.2 s /)
  })

  it('says what went wrong', () => {
    const error = new TrafficError('connect_failed', 'nothing listens there')
    const line = lineOf(exchangeOf('http://a/'), { ...DELIVERED, status: 502, error })
    assert.match(line, / {2}connect_failed: nothing listens there\n$/)
  })

  it('is one line of printable ASCII whatever peers send, and secrets in queries are not in it', () => {
    const hostile = '\u001b[2J\u0007\r\n\u009b31m\u202eabc\u007f'
    const exchange = exchangeOf('http://a/?token=opensesame')
    exchange.request.method = `GET${hostile}`
    exchange.request.path = `/${hostile}${'x'.repeat(5000)}`
    exchange.route = hostile
    const error = new TrafficError('connect_failed', hostile)
    const line = lineOf(exchange, { ...DELIVERED, status: 502, error })
    assert.match(line, /^[ -~]+\n$/)
    assert.ok(line.length < 1200, String(line.length))
    assert.ok(!line.includes('opensesame'))
    const refused: string[] = []
    new ShortAccessLog({ write: (text) => void refused.push(text) }, new VirtualClock(), false).refused(
      error,
      PEER,
    )
    assert.match(refused.join(''), /^[ -~]+from 192\.0\.2\.7[ -~]+\n$/)
  })

  it('has colours only by status, and ends each', () => {
    const line = lineOf(exchangeOf('http://a/'), { ...DELIVERED, status: 503 }, true)
    assert.ok(line.includes('\u001b[31m503\u001b[39m'), JSON.stringify(line))
  })
})

describe('accessLog.format', () => {
  const sink = { write: () => {} }
  const made = (format: 'auto' | 'json' | 'short', path: string, isTerminal: boolean) =>
    makeAccessLog({ format, path, headers: [] }, sink, new VirtualClock(), { isTerminal, env: {} })

  it('auto: short at a terminal, JSON for everything else', () => {
    assert.ok(made('auto', 'stdout', true) instanceof ShortAccessLog)
    assert.ok(made('auto', 'stdout', false) instanceof JsonAccessLog)
    assert.ok(made('auto', '/var/log/access.log', true) instanceof JsonAccessLog)
    assert.ok(made('json', 'stdout', true) instanceof JsonAccessLog)
    assert.ok(made('short', '/var/log/access.log', false) instanceof ShortAccessLog)
  })

  it('colours go to a terminal alone, and not where NO_COLOR or TERM=dumb ask for none', () => {
    const colored = (path: string, isTerminal: boolean, env: Record<string, string>): boolean => {
      const lines: string[] = []
      const log = makeAccessLog(
        { format: 'short', path, headers: [] },
        { write: (line) => void lines.push(line) },
        new VirtualClock(),
        { isTerminal, env },
      )
      log.record(exchangeOf('http://a/'), DELIVERED, 1)
      return lines.join('').includes('\u001b')
    }
    assert.equal(colored('stdout', true, {}), true)
    assert.equal(colored('stdout', true, { NO_COLOR: '' }), true)
    assert.equal(colored('stdout', true, { NO_COLOR: '1' }), false)
    assert.equal(colored('stdout', true, { TERM: 'dumb' }), false)
    assert.equal(colored('stdout', false, {}), false)
    assert.equal(colored('/var/log/access.log', true, {}), false)
  })
})
