import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type Client, type ClientOptions, createClient } from '../../src/index.ts'
import { clientOf } from '../origin.ts'

interface CountingOrigin {
  readonly url: string
  /** Connections that were ever made. */
  readonly made: number
  /** Resolves once no connection is open. */
  emptied(): Promise<void>
}

async function countingOrigin(t: TestContext, listener: RequestListener): Promise<CountingOrigin> {
  let made = 0
  const open = new Set<Socket>()
  const server = createServer(listener)
  server.on('connection', (socket) => {
    made++
    open.add(socket)
    socket.on('close', () => {
      open.delete(socket)
      server.emit('fewer')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get made() {
      return made
    },
    async emptied() {
      while (open.size > 0) await once(server, 'fewer')
    },
  }
}

const ok: RequestListener = (_, response) => void response.end('ok')

test('a client and those that extend it use the same connections', async (t) => {
  const origin = await countingOrigin(t, ok)
  const parent = clientOf(t, { baseUrl: origin.url })
  const child = parent.extend({
    headers: { 'x-team': 'web' },
    retry: false,
    breaker: false,
    timeout: { deadline: 5_000 },
  })
  const grandchild = child.extend({ name: 'third', maxBufferedBody: 1_000, cookies: true })
  t.after(() => Promise.all([child.close(), grandchild.close()]))
  for (const client of [parent, child, grandchild, parent]) await client.get('/').text()
  assert.equal(origin.made, 1)
  assert.equal(grandchild.metrics()[0]?.calls, 1)
})

test('what connections are made by differs: then a child has its own', async (t) => {
  const origin = await countingOrigin(t, ok)
  const parent = clientOf(t, { baseUrl: origin.url, pool: { maxConnections: 2 } })
  await parent.get('/').text()
  const others: ClientOptions[] = [
    { timeout: { head: 1_000 } },
    { pool: { maxConnections: 3 } },
    { tls: { minVersion: 'TLSv1.3' } },
    { maxResponseHead: 8_192 },
    { localAddress: '127.0.0.1' },
    { lookup: () => '127.0.0.1' },
    { guard: { allow: ['127.0.0.1'], ports: 'any' } },
  ]
  for (const [index, options] of others.entries()) {
    const child = parent.extend(options)
    await child.get('/').text()
    assert.equal(origin.made, index + 2, JSON.stringify(options))
    await child.close()
  }
  // The same in other words is no difference.
  const alike = parent.extend({ pool: { maxConnections: 2 }, timeout: { connect: 5_000 } })
  await alike.get('/').text()
  assert.equal(origin.made, others.length + 1)
  await alike.close()
})

test('what a lookup said is known to a child that has other connections', async (t) => {
  const origin = await countingOrigin(t, ok)
  const asked: string[] = []
  const lookup = (host: string): string => {
    asked.push(host)
    return '127.0.0.1'
  }
  const { port } = new URL(origin.url)
  const parent = clientOf(t, { lookup })
  await parent.get(`http://api.internal:${port}/`).text()
  const child = parent.extend({ pool: { maxConnections: 1 } })
  await child.get(`http://api.internal:${port}/`).text()
  await child.close()
  assert.deepEqual(asked, ['api.internal'])
  assert.equal(origin.made, 2)
})

test('closing one of those that share connections leaves the others theirs; the last one closes them', async (t) => {
  const origin = await countingOrigin(t, ok)
  const parent = createClient({ baseUrl: origin.url })
  const child = parent.extend({ retry: false })
  const another = child.extend({ retry: false })
  await parent.get('/').text()
  await child.close()
  assert.equal((await child.attempt('/')).error?.code, 'shutting_down')
  assert.equal(await parent.get('/').text(), 'ok')
  await parent.close()
  await parent.close()
  assert.equal((await parent.attempt('/')).error?.code, 'shutting_down')
  assert.equal(await another.get('/').text(), 'ok')
  assert.equal(origin.made, 1)
  await another.close()
  await origin.emptied()
})

test('close waits for the calls of its own client, and not for those of others', async (t) => {
  const waiting = new Map<string, () => void>()
  const arrived = new EventTarget()
  const origin = await countingOrigin(t, ({ url = '' }, response) => {
    waiting.set(url, () => response.end('late'))
    arrived.dispatchEvent(new Event(url))
  })
  const parent = clientOf(t, { baseUrl: origin.url })
  const child = parent.extend({})
  const reached = ['/parent', '/child'].map(
    (url) => new Promise((resolve) => arrived.addEventListener(url, resolve)),
  )
  const [ofParent, ofChild] = [parent.get('/parent').text(), child.get('/child').text()]
  await Promise.all(reached)
  let closed = false
  const closing = child.close().then(() => (closed = true))
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(closed, false)
  waiting.get('/child')?.()
  assert.equal(await ofChild, 'late')
  await closing
  waiting.get('/parent')?.()
  assert.equal(await ofParent, 'late')
})

test('calls that outlast the grace fail with shutting_down, and only those of the client that is closed', async (t) => {
  const arrived = Promise.withResolvers<void>()
  const origin = await countingOrigin(t, ({ url }, response) => {
    if (url === '/never') arrived.resolve()
    else response.end('ok')
  })
  const parent = clientOf(t, { baseUrl: origin.url })
  const child = parent.extend({})
  const call = child.attempt('/never')
  await arrived.promise
  await child.close({ grace: 0 })
  assert.equal((await call).error?.code, 'shutting_down')
  assert.equal(await parent.get('/').text(), 'ok')
})

test('what extends a client that was closed has connections of its own, and one that could not be made holds none', async (t) => {
  const origin = await countingOrigin(t, ok)
  const parent = createClient({ baseUrl: origin.url })
  assert.throws(() => parent.extend({ breaker: { failurePercent: Number.NaN } }), TypeError)
  await parent.get('/').text()
  await parent.close()
  await origin.emptied()
  const child = parent.extend({})
  assert.equal(await child.get('/').text(), 'ok')
  await child.close()
  await origin.emptied()
})

/** Calls that the end of the grace finds where no connection is theirs, or their content on its way. */
const OUTLASTING: Readonly<Record<string, (client: Client) => PromiseLike<unknown>>> = {
  'in retry.shouldRetry': (client) =>
    client.get('/busy', { retry: { shouldRetry: () => new Promise(() => {}) } }),
  'in retry.beforeRetry': (client) =>
    client.get('/busy', { retry: { backoff: { max: 0 }, beforeRetry: () => new Promise(() => {}) } }),
  'in the wait before another attempt': (client) =>
    client.get('/busy', { retry: { backoff: { base: 1e6, max: 1e6, jitter: 'equal' } }, timeout: Infinity }),
  'while its content is read': (client) => client.get('/endless').text(),
  'while its content is sent': (client) =>
    client.post('/never', {
      async *body() {
        yield 'a part'
        await new Promise(() => {})
      },
    }),
  'while nobody reads its content': async (client) => {
    const response = await client.get('/endless')
    await new Promise((resolve) => setImmediate(resolve))
    return client.close({ grace: 0 }).then(() => response.text())
  },
}

for (const [place, call] of Object.entries(OUTLASTING))
  test(`the grace ends for a call ${place}: it fails with shutting_down`, async (t) => {
    const arrived = Promise.withResolvers<void>()
    const origin = await countingOrigin(t, ({ url }, response) => {
      if (url === '/busy') response.writeHead(503).end()
      else if (url === '/endless') response.write('a part')
      arrived.resolve()
    })
    // No deadline ends it either.
    const client = clientOf(t, { baseUrl: origin.url, timeout: Infinity })
    const outcome = client.attempt(call(client))
    await arrived.promise
    await client.close({ grace: 20 })
    assert.equal((await outcome).error?.code, 'shutting_down')
  })

test('the grace ends for a call in a policy of the caller’s that does not listen', async (t) => {
  const client = clientOf(t, { policies: [() => () => new Promise(() => {})] })
  const outcome = client.attempt('http://api.example/')
  await new Promise((resolve) => setImmediate(resolve))
  await client.close({ grace: 0 })
  assert.equal((await outcome).error?.code, 'shutting_down')
})

test('what is no time is no grace', async (t) => {
  const client = clientOf(t, {})
  for (const grace of [-1, Number.NaN, '5s', null, {}])
    assert.throws(() => client.close({ grace: grace as number }), {
      name: 'TypeError',
      message: /^option close\.grace is .*; allowed: milliseconds from 0, or Infinity/,
    })
  await client.close({ grace: Infinity })
})
