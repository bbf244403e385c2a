import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { parseConfig } from '../../src/config/parse.ts'
import { Supervisor } from '../../src/workers/supervisor.ts'
import { startOrigin } from '../origin.ts'

it('a worker that takes the place of another splits by the weights as they are, not as configured', async () => {
  const [one, other] = [
    await startOrigin((_, response) => response.end('one')),
    await startOrigin((_, response) => response.end('other')),
  ]
  const result = parseConfig({
    workers: 1,
    listeners: [{ address: '127.0.0.1:0' }],
    accessLog: false,
    upstreams: { one: { endpoints: [{ url: one.url }] }, other: { endpoints: [{ url: other.url }] } },
    routes: [{ name: 'shop', split: { upstreams: [{ upstream: 'one' }, { upstream: 'other', weight: 0 }] } }],
  })
  assert.ok(result.ok, JSON.stringify(result))
  const replaced = Promise.withResolvers<void>()
  const supervisor = new Supervisor(result.config, {
    onEvent: ({ type }) => type === 'replaced' && replaced.resolve(),
  })
  after(() => supervisor.stop())
  await supervisor.start()
  const get = async (): Promise<string> => {
    const port = supervisor.listeners[0]?.port
    return (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text()
  }
  assert.equal(await get(), 'one')
  supervisor.splits.get('shop')?.weights.change([0, 1])
  assert.equal(await get(), 'other')
  supervisor.slots[0]?.terminate()
  await replaced.promise
  for (let count = 0; count < 5; count++) assert.equal(await get(), 'other')
})
