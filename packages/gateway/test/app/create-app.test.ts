import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from '@headgate/client'
import { json } from '@headgate/client/web'
import { createApp } from '../../src/app/create-app.ts'
import { TestProcess } from '../headgate-process.ts'

const ORDER = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'integer' } },
  additionalProperties: false,
}

const routes = {
  'GET /orders/:id': {
    summary: 'An order',
    handle: (_request, { params }) => json({ id: Number(params['id']) }),
    params: { properties: { id: { type: 'string', pattern: '^[0-9]+$' } } },
    responses: { 200: { description: 'the order', schema: ORDER } },
  },
  'POST /orders': { handle: async (request) => json(await request.json(), { status: 201 }), body: ORDER },
  'GET /plain': () => new Response('plain'),
} satisfies Parameters<typeof createApp>[0]['routes']

test('an app answers its routes over a port and without one, and checks what it is sent', async () => {
  await using app = await createApp({ routes, gateway: { listeners: [{ address: '127.0.0.1:0' }] } })
  const [listener] = await app.listen()
  await using outside = createClient({ baseUrl: listener?.url ?? '', throwOnStatus: false })
  await using inside = createClient({ baseUrl: 'http://app', transport: app.handler, throwOnStatus: false })
  for (const client of [outside, inside]) {
    assert.deepEqual(await client.get('/orders/7').json(), { id: 7 })
    assert.equal((await client.get('/orders/x')).status, 400)
    assert.equal((await client.post('/orders', { json: { id: 'seven' } })).status, 400)
    assert.deepEqual(await client.post('/orders', { json: { id: 8 } }).json(), { id: 8 })
    assert.equal((await client.delete('/orders/7')).status, 405)
    assert.equal(await client.get('/plain').text(), 'plain')
  }
  const response = await app.fetch(new Request('http://app/orders/9'))
  assert.deepEqual([response.status, await response.json()], [200, { id: 9 }])
})

test('an app tells that it serves, whether it can do its work, what it counts, and what its routes are', async () => {
  let fails = false
  await using app = await createApp({
    routes,
    info: { title: 'orders', version: '1.2.3' },
    dependencies: [
      { name: 'cache', check: async () => Promise.reject(new Error('no cache')), critical: false },
      { name: 'store', check: async () => (fails ? Promise.reject(new Error('no store')) : 'well') },
      { name: 'mute', check: () => new Promise(() => {}), critical: false, timeout: 5 },
    ],
  })
  await using client = createClient({
    baseUrl: 'http://app',
    transport: app.handler,
    throwOnStatus: false,
    retry: false,
  })
  assert.equal(await client.get('/healthz').text(), 'ok\n')
  const ready = await client.get('/readyz')
  assert.equal(ready.status, 200)
  const { state, dependencies } = await ready.json<{
    state: string
    dependencies: Record<string, unknown>[]
  }>()
  assert.equal(state, 'degraded')
  assert.deepEqual(
    dependencies.map(({ name, state, reason }) => [name, state, reason]),
    [
      ['cache', 'down', 'no cache'],
      ['store', 'up', undefined],
      ['mute', 'down', 'there was no answer within 5 ms'],
    ],
  )
  fails = true
  const down = await client.get('/readyz')
  assert.equal(down.status, 503)
  assert.match(await down.text(), /"state":"down"/)
  assert.match(
    await client.get('/metrics').text(),
    /headgate_requests_total\{[^}]*route="GET-healthz"[^}]*\} 1/,
  )
  const description = await client.get('/openapi.json').json<typeof app.description>()
  assert.deepEqual(description, app.description)
  assert.deepEqual(description['info'], { title: 'orders', version: '1.2.3' })
  const paths = description['paths'] as Record<string, Record<string, Record<string, unknown>>>
  assert.deepEqual(Object.keys(paths), ['/orders/{id}', '/orders', '/plain'])
  const parameters = paths['/orders/{id}']?.['get']?.['parameters']
  assert.deepEqual((parameters as unknown[] | undefined)?.[0], {
    name: 'id',
    in: 'path',
    required: true,
    schema: { type: 'string', pattern: '^[0-9]+$' },
  })
})

test('a route of one’s own takes the place of one that an app brings, and one that is none is refused', async () => {
  await using app = await createApp({ routes: { 'GET /healthz': () => new Response('mine') } })
  assert.equal(await (await app.fetch(new Request('http://app/healthz'))).text(), 'mine')
  await assert.rejects(
    createApp({ routes: { '/orders': () => new Response() } }),
    /a method and a path, as "GET/,
  )
  await assert.rejects(createApp({ routes: {}, port: 80 } as never), /port/)
})

test('run serves until SIGTERM, and finishes what is under way', async () => {
  const program = `
import { createApp } from ${JSON.stringify(new URL('../../src/app/create-app.ts', import.meta.url).href)}
const app = await createApp({
  routes: { 'GET /slow': async () => { process.kill(process.pid, 'SIGTERM'); await new Promise((done) => setTimeout(done, 100)); return new Response('whole') } },
  gateway: { listeners: [{ address: '127.0.0.1:0' }] },
})
const { listen } = app
app.listen = async () => { const all = await listen.call(app); fetch(all[0].url + '/slow').then((answer) => answer.text()).then(console.log); return all }
const { cut } = await app.run()
console.log('cut', cut)
`
  const { stdout, code, stderr } = await new TestProcess(process.execPath, [
    '--input-type=module',
    '-e',
    program,
  ]).finished
  assert.equal(code, 0, stderr)
  assert.match(stdout, /whole/)
  assert.match(stdout, /cut 0/)
})
