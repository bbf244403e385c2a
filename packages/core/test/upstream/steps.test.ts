import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Upstream, type UpstreamOptions, UPSTREAM_STEPS } from '../../src/index.ts'

test('an upstream takes its steps in this order, outermost first', () => {
  const names = UPSTREAM_STEPS.map(({ name }) => name)
  assert.deepEqual(names, ['sticky', 'balance', 'gate', 'outliers', 'send'])
})

test('an upstream has those steps alone that its options ask for', (t) => {
  const steps = (options: Partial<UpstreamOptions>): string[] => {
    const upstream = new Upstream({ name: 'a', endpoints: [{ url: 'http://127.0.0.1:1' }], ...options })
    t.after(() => upstream.destroy())
    return upstream.steps.map(({ name }) => name)
  }
  assert.deepEqual(steps({}), ['balance', 'send'])
  assert.deepEqual(steps({ outliers: {} }), ['balance', 'outliers', 'send'])
  assert.deepEqual(steps({ balance: { method: 'peak-ewma' } }), ['balance', 'outliers', 'send'])
  assert.deepEqual(steps({ sticky: { cookie: 'at' } }), ['sticky', 'balance', 'send'])
})
