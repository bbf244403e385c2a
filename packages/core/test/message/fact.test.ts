import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Exchange } from '../../src/message/exchange.ts'
import { fact } from '../../src/message/fact.ts'
import { copyExchange } from '../../src/message/fork.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const made = (): Exchange => new Exchange(HttpRequest.to('http://a.example/'), new VirtualClock())

describe('a fact of an exchange', () => {
  it('is what was stated last, of this exchange alone', () => {
    const color = fact<string>('color')
    const [one, other] = [made(), made()]
    assert.equal(color.of(one), undefined)
    color.state(one, 'red')
    color.state(one, 'blue')
    assert.deepEqual([color.of(one), color.of(other)], ['blue', undefined])
  })

  it('is another one than that of the same name', () => {
    const exchange = made()
    const [mine, yours] = [fact<number>('count'), fact<number>('count')]
    mine.state(exchange, 1)
    assert.equal(yours.of(exchange), undefined)
  })

  it('goes with copies, which state their own from then on', () => {
    const color = fact<string>('color')
    const parent = made()
    color.state(parent, 'red')
    for (const apart of [false, true]) {
      const child = copyExchange(parent, parent.request.clone(), { apart })
      assert.equal(color.of(child), 'red')
      color.state(child, 'blue')
      assert.equal(color.of(parent), 'red')
    }
  })

  it('costs an exchange that has none of them no memory', () => {
    assert.equal(made().facts, undefined)
    assert.equal(copyExchange(made(), made().request).facts, undefined)
  })
})
