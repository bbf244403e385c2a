import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask } from '../survival/http-client.ts'
import { nobody, startService } from '../survival/origins.ts'
import { startGateway } from '../survival/start-gateway.ts'
import { assertRefused } from './refused-route.ts'
import { statuses } from './statuses.ts'

test('a fallback answers in place of an upstream that fails: a fixed answer, or another upstream', async (t) => {
  const dead = await nobody()
  const other = await startService(t, (_, response) => response.end('other'))
  const ill = await startService(t, statuses(500, 500))
  const gateway = await startGateway(t, {
    routes: [
      {
        match: { path: '/fixed' },
        upstream: dead,
        retry: false,
        fallback: { respond: { status: 203, body: 'later' } },
      },
      { match: { path: '/other' }, upstream: dead, retry: false, fallback: { upstream: other.url } },
      { match: { path: '/status' }, upstream: ill.url, fallback: { upstream: other.url, statuses: [500] } },
      { match: { path: '/plain' }, upstream: ill.url, fallback: { upstream: other.url } },
    ],
  })
  const answers = []
  for (const path of ['/fixed', '/other', '/status', '/plain']) {
    const { status, content } = await ask(gateway.url + path, { method: 'POST', content: 'a' })
    answers.push([status, content])
  }
  assert.deepEqual(answers, [
    [203, 'later'],
    [200, 'other'],
    [200, 'other'],
    [500, '2'],
  ])
  assert.equal((await gateway.logged(1)).error, 'connect_failed')
})

test('mistakes in it are named', () => {
  assertRefused({ fallback: {} }, /leads nowhere/)
  assertRefused({ fallback: { upstream: 'http://127.0.0.1:9000', respond: {} } }, /has both/)
  assertRefused({ fallback: { upstream: 'nowhere' } }, /is not the name of an upstream/)
})
