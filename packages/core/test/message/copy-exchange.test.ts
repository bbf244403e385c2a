import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Exchange } from '../../src/message/exchange.ts'
import { copyExchange } from '../../src/message/fork.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

test('a copy of an exchange is for the same client, who came as before', () => {
  const parent = new Exchange(HttpRequest.to('http://a.example/'), new VirtualClock())
  assert.equal(parent.clientScheme, 'http')
  parent.clientAddress = '203.0.113.7'
  parent.clientScheme = 'https'
  const { clientAddress, clientScheme } = copyExchange(parent, parent.request.clone())
  assert.deepEqual([clientAddress, clientScheme], ['203.0.113.7', 'https'])
})

/** What a copy does not have of its parent: what belongs to its end, to one attempt, or to a face. */
const OWN = [
  'request',
  'number',
  'choices',
  'error',
  'cancellation',
  'inform',
  'beforeInform',
  'worker',
  'moreWorkers',
  'finisher',
  'moreFinishers',
  'outcome',
]
/** And what one that goes its own way does not have, either. */
const OF_ITS_TIME = [
  'startedAt',
  'deadline',
  'timeLimit',
  'times',
  'priority',
  'attempts',
  'freshConnection',
  'endpoint',
  'upstreamVersion',
  'tried',
  'span',
  'wire',
]

/** An exchange of which everything is known, each fact by a value of its own. */
function known(clock: VirtualClock): Exchange {
  const exchange = new Exchange(HttpRequest.to('http://a.example/'), clock, undefined, 7)
  for (const name of Object.keys(exchange)) {
    if (['request', 'clock', 'peer', 'startedAt'].includes(name)) continue
    Reflect.set(exchange, name, name === 'facts' ? new Map([[Symbol('a fact'), 1]]) : { known: name })
  }
  return exchange
}

for (const apart of [false, true]) {
  test(`a copy ${apart ? 'that goes its own way ' : ''}has all that is known of its parent but what is named here`, () => {
    const parent = known(new VirtualClock())
    const child = copyExchange(parent, parent.request.clone(), { apart })
    const own = apart ? [...OWN, ...OF_ITS_TIME] : OWN
    for (const name of Object.keys(parent)) {
      const [before, after] = [Reflect.get(parent, name) as unknown, Reflect.get(child, name) as unknown]
      if (own.includes(name)) assert.notDeepEqual(after, before, name)
      // Asked for of each anew.
      else if (name !== 'wire') assert.deepEqual(after, before, name)
    }
  })
}
