import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from '../../src/index.ts'

/** Runs `work` while `Object.prototype` holds a property. */
async function polluted(name: string, value: unknown, work: () => Promise<void>): Promise<void> {
  Reflect.defineProperty(Object.prototype, name, {
    value,
    configurable: true,
    writable: true,
    enumerable: true,
  })
  try {
    await work()
  } finally {
    Reflect.deleteProperty(Object.prototype, name)
  }
}

const WAYS_ROUND: readonly [name: string, value: unknown][] = [
  ['guard', false],
  ['allow', ['127.0.0.0/8']],
  ['allowHosts', ['127.0.0.1', 'localhost']],
  ['ports', 'any'],
  ['preset', 'minimal'],
  ['transport', () => Promise.reject(new Error('sent'))],
  ['proxy', 'http://127.0.0.1:9'],
  ['path', '/run/some.sock'],
  ['dial', () => assert.fail('dialled')],
]

for (const [name, value] of WAYS_ROUND)
  test(`Object.prototype.${name} does not lead past the guard`, () =>
    polluted(name, value, async () => {
      const client = createClient({ preset: 'untrusted', retry: false })
      const { error } = await client.attempt('http://127.0.0.1/', {})
      assert.equal(error?.code, 'address_refused')
      await client.close({})
    }))
