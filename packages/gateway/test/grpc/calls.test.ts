import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import * as grpc from '@grpc/grpc-js'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { ended, readAll, REFLECT, startSite, type Handlers } from './shop.ts'

const echo: Handlers = {
  get: (call, answer) => answer(null, call.request),
  put: (call, answer) => {
    const messages: Buffer[] = []
    call.on('data', (message: Buffer) => messages.push(message))
    call.on('end', () => answer(null, Buffer.concat(messages)))
  },
  list: (call) => {
    for (let count = 0; count < 3; count++) call.write(Buffer.from(`${call.request.toString()}${count}`))
    call.end()
  },
  chat: (call) => {
    call.on('data', (message: Buffer) => call.write(message))
    call.on('end', () => call.end())
  },
  reflect: (call) => {
    call.on('data', (message: Buffer) => call.write(message))
    call.on('end', () => call.end())
  },
}

function assertCode(code: grpc.status, details?: string | RegExp): (error: grpc.ServiceError) => true {
  return (error) => {
    assert.equal(grpc.status[error.code], grpc.status[code], error.details)
    if (details instanceof RegExp) assert.match(error.details, details)
    else if (details !== undefined) assert.equal(error.details, details)
    return true
  }
}

test('a unary call goes through with metadata in both directions, and with trailers', async (t) => {
  let seen: grpc.Metadata | undefined
  const { shop, logged } = await startSite(t, {
    get: (call, answer) => {
      seen = call.metadata
      const [head, trailers] = [new grpc.Metadata(), new grpc.Metadata()]
      head.set('x-head', 'first')
      trailers.set('x-trailer-bin', Buffer.from([0, 255]))
      call.sendMetadata(head)
      answer(null, call.request, trailers)
    },
  })
  const metadata = new grpc.Metadata()
  metadata.set('x-user', 'ada')
  metadata.set('x-token-bin', Buffer.from([1, 0, 254]))
  const { text, metadata: head, status } = await shop.get('order', {}, metadata)
  assert.deepEqual([text, head.get('x-head'), status?.code], ['order', ['first'], grpc.status.OK])
  assert.deepEqual(status?.metadata.get('x-trailer-bin'), [Buffer.from([0, 255])])
  assert.deepEqual([seen?.get('x-user'), seen?.get('x-token-bin')], [['ada'], [Buffer.from([1, 0, 254])]])
  const line = await logged(1)
  assert.deepEqual(
    [line.status, line.grpc_status, line.version, line.path],
    [200, 'OK', '2', '/shop.Orders/Get'],
  )
})

test('the three kinds of streams go through in order', async (t) => {
  const { shop, logged } = await startSite(t, echo)
  assert.equal(await shop.put(['a', 'b', 'c']), 'abc')
  const listed = await readAll(shop.list('n'))
  assert.deepEqual([listed.messages, listed.status.code], [['n0', 'n1', 'n2'], grpc.status.OK])
  const chat = shop.chat()
  const done = ended(chat)
  const answers: string[] = []
  chat.on('data', (message: Buffer) => answers.push(message.toString()))
  // Each message is answered before the next is sent: nothing waits for the end of the request.
  for (const message of ['one', 'two', 'three']) {
    chat.write(Buffer.from(message))
    await eventually(() => answers.includes(message), `${message} is answered`)
  }
  chat.end()
  const status = await done
  assert.deepEqual([answers, status.code], [['one', 'two', 'three'], grpc.status.OK])
  assert.equal((await logged(3)).grpc_status, 'OK')
})

test('reflection passes', async (t) => {
  const { shop } = await startSite(t, echo)
  const call = shop.chat(REFLECT)
  call.end(Buffer.from('list services'))
  assert.deepEqual((await readAll(call)).messages, ['list services'])
})

test('a status of the server comes with its message, before and behind messages', async (t) => {
  const { shop, logged } = await startSite(t, {
    get: (_, answer) => answer({ code: grpc.status.NOT_FOUND, details: 'größer als 100 %' }),
    list: (call) => {
      call.write(Buffer.from('first'))
      call.emit('error', Object.assign(new Error('gone'), { code: grpc.status.DATA_LOSS, details: 'gone' }))
    },
  })
  await assert.rejects(shop.get('a'), assertCode(grpc.status.NOT_FOUND, 'größer als 100 %'))
  assert.equal((await logged(1)).grpc_status, 'NOT_FOUND')
  const { messages, status } = await readAll(shop.list('a'))
  assert.deepEqual([messages, status.code, status.details], [['first'], grpc.status.DATA_LOSS, 'gone'])
  assert.equal((await logged(2)).grpc_status, 'DATA_LOSS')
})

test('a client that cancels is told to the server, and counts as such', async (t) => {
  let call: grpc.ServerWritableStream<Buffer, Buffer> | undefined
  const { shop, logged } = await startSite(t, {
    list: (given) => {
      call = given
      given.write(Buffer.from('first'))
    },
  })
  const listed = shop.list('a')
  listed.on('error', () => {})
  await once(listed, 'data')
  listed.cancel()
  await eventually(() => call?.cancelled, 'the server knows')
  assert.equal((await logged(1)).grpc_status, 'CANCELLED')
})

test('a deadline of the client is told to the server, shortened, and ends the call for both', async (t) => {
  let call: grpc.ServerUnaryCall<Buffer, Buffer> | undefined
  const { shop, logged } = await startSite(t, { get: (given) => void (call = given) })
  const before = Date.now()
  const asked = shop.get('a', { deadline: before + 400 })
  const left = await eventually(() => call?.getDeadline(), 'the server is called')
  assert.ok(Number(left) <= Date.now() + 400, `${Number(left) - before} ms`)
  await assert.rejects(asked, assertCode(grpc.status.DEADLINE_EXCEEDED))
  await eventually(() => call?.cancelled, 'the server knows')
  assert.match((await logged(1)).grpc_status ?? '', /^(DEADLINE_EXCEEDED|CANCELLED)$/)
})

test('a time limit of the route is a status, before and behind messages', async (t) => {
  const { shop, logged } = await startSite(
    t,
    { get: () => {}, list: (call) => void call.write(Buffer.from('first')) },
    { timeout: '300ms' },
  )
  await assert.rejects(shop.get('a'), assertCode(grpc.status.DEADLINE_EXCEEDED, 'Deadline exceeded'))
  const { messages, status } = await readAll(shop.list('a'))
  assert.deepEqual([messages, status.code], [['first'], grpc.status.DEADLINE_EXCEEDED])
  assert.deepEqual(
    [(await logged(2)).grpc_status, (await logged(2)).error],
    ['DEADLINE_EXCEEDED', 'deadline_exceeded'],
  )
})

test('a call is tried again by its status, and the log tells it', async (t) => {
  let calls = 0
  const { shop, logged } = await startSite(
    t,
    {
      get: (call, answer) =>
        ++calls < 3
          ? answer({ code: grpc.status.UNAVAILABLE, details: 'starting' })
          : answer(null, call.request),
    },
    { retry: { attempts: 3, backoff: { base: 0, max: 0 }, grpcStatuses: ['UNAVAILABLE'] } },
  )
  assert.equal((await shop.get('order')).text, 'order')
  const line = await logged(1)
  assert.deepEqual([line.attempts, line.grpc_status], [3, 'OK'])
})

test('without an upstream the gateway says UNAVAILABLE, without a route UNIMPLEMENTED', async (t) => {
  const { shop, logged } = await startSite(
    t,
    [],
    { match: { grpc: { method: 'Get' } }, retry: false },
    {
      upstreams: { shop: { endpoints: [{ url: 'h2c://127.0.0.1:1' }] } },
    },
  )
  await assert.rejects(shop.get('a'), assertCode(grpc.status.UNAVAILABLE))
  assert.equal((await logged(1)).grpc_status, 'UNAVAILABLE')
  assert.equal((await readAll(shop.list('a'))).status.code, grpc.status.UNIMPLEMENTED)
})

test('a message that is too large fails its call alone', async (t) => {
  const { shop } = await startSite(
    t,
    { ...echo, list: (call) => call.write(Buffer.alloc(2_000)) },
    {
      grpc: { maxRequestMessage: '1KB', maxResponseMessage: '1KB' },
    },
  )
  await assert.rejects(
    shop.get(Buffer.alloc(1_001)),
    assertCode(grpc.status.RESOURCE_EXHAUSTED, /a message of 1001 bytes/),
  )
  assert.equal((await readAll(shop.list('a'))).status.code, grpc.status.RESOURCE_EXHAUSTED)
  assert.equal((await shop.get(Buffer.alloc(1_000))).text.length, 1_000)
  const chat = shop.chat()
  const done = ended(chat)
  const answers: Buffer[] = []
  chat.on('data', (message: Buffer) => answers.push(message))
  chat.write(Buffer.alloc(10))
  await eventually(() => answers.length === 1, 'the first is answered')
  chat.write(Buffer.alloc(5_000))
  const status = await done
  assert.deepEqual([status.code, answers.length], [grpc.status.RESOURCE_EXHAUSTED, 1])
})
