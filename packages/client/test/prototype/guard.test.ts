import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ClientOptions, createClient, type HostLookup } from '../../src/index.ts'

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

test('an address that only Object.prototype has is none that a lookup gave', () =>
  polluted('address', '127.0.0.1', async () => {
    const nothing: readonly HostLookup[] = [() => ({}) as never, () => [{}] as never, () => []]
    for (const lookup of nothing) {
      const client = createClient({ lookup, retry: false })
      const { error } = await client.attempt('http://api.example/', {})
      assert.equal(error?.code, 'dns_failed', String(lookup))
      await client.close({})
    }
  }))

test('what only Object.prototype has is no change that retry.beforeRetry made', async () => {
  const seen: string[] = []
  const options: ClientOptions = {
    transport: {
      fetch(request) {
        seen.push(`${request.url} ${request.headers.get('x-evil')}`)
        return new Response(null, { status: seen.length === 1 ? 503 : 200 })
      },
    },
    retry: { backoff: { base: 1, max: 1 }, beforeRetry: () => ({}) },
  }
  const failed = createClient({ ...options })
  await polluted('headers', { 'x-evil': '1' }, () =>
    polluted('url', '/evil', async () => void (await failed.get('http://api.example/a', {}))),
  )
  assert.deepEqual(seen, ['http://api.example/a null', 'http://api.example/a null'])
})
