import assert from 'node:assert/strict'
import { it } from 'node:test'
import { HealthChecks } from '../../src/upstreams/health-checks.ts'

class Checked {
  readonly name: string
  readonly log: string[] = []
  private told: ((endpoint: string, healthy: boolean, reason: string) => void) | undefined

  constructor(name: string) {
    this.name = name
  }

  startChecks(told?: (endpoint: string, healthy: boolean, reason: string) => void): void {
    this.told = told
    this.log.push('start')
  }

  stopChecks(): void {
    this.log.push('stop')
  }

  find(healthy: boolean, reason: string): void {
    this.told?.('127.0.0.1:1', healthy, reason)
  }
}

it('after a reload what is new is checked, what is gone is not, and what stayed is not disturbed', () => {
  const [stays, goes, comes] = [new Checked('stays'), new Checked('goes'), new Checked('comes')]
  const checks = new HealthChecks()
  const follow = (...upstreams: Checked[]): void =>
    checks.follow(new Map(upstreams.map((upstream) => [upstream.name, { upstream }])))
  follow(stays, goes)
  follow(comes, stays)
  assert.deepEqual([stays.log, goes.log, comes.log], [['start'], ['start', 'stop'], ['start']])
  checks.stop()
  assert.deepEqual(
    [stays.log, goes.log, comes.log],
    [
      ['start', 'stop'],
      ['start', 'stop'],
      ['start', 'stop'],
    ],
  )
})

it('changes of health are told as an operator reads them', () => {
  const messages: string[] = []
  const orders = new Checked('orders')
  new HealthChecks((message) => messages.push(message)).follow(new Map([['orders', { upstream: orders }]]))
  orders.find(false, 'it answered 503')
  orders.find(true, '')
  assert.deepEqual(messages, [
    'upstream orders: 127.0.0.1:1 is unhealthy: it answered 503',
    'upstream orders: 127.0.0.1:1 is healthy again',
  ])
})
