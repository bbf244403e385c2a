import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask } from '../survival/http-client.ts'
import { startService } from '../survival/origins.ts'
import { startGateway } from '../survival/start-gateway.ts'

test('a gateway beyond its limits refuses what is least important', async (t) => {
  const { url: upstream } = await startService(t)
  // Any process uses more than that.
  const gateway = await startGateway(t, { loadShedding: { memory: '1MiB' }, routes: [{ upstream }] })
  const answer = await ask(gateway.url)
  assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '1'])
  assert.equal((await gateway.logged(1)).error, 'overloaded')
  const roomy = await startGateway(t, {
    loadShedding: { memory: '100GiB', eventLoopDelay: '10s' },
    routes: [{ upstream }],
  })
  assert.equal((await ask(roomy.url)).status, 200)
})
