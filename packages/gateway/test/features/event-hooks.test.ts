import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { test, type TestContext } from 'node:test'
import { collect, StreamBody, TrafficError, type ServerSentEvent } from '@headgate/core'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'
import { createGateway } from '../../src/embedding/create-gateway.ts'
import { MappedEvents, textOf } from '../../src/features/event-stream/mapped-events.ts'
import { fc } from '../../../../scripts/testing/property.ts'
import { ask } from '../survival/http-client.ts'
import { startService } from '../survival/origins.ts'
import { startGateway } from '../survival/start-gateway.ts'

type Events = NonNullable<NonNullable<GatewayConfigInput['routes']>[number]['events']>

const STREAM =
  'id: 1\nevent: delta\ndata: {"type":"text","text":"Hel","secret":1}\n\n: a comment\n\nretry: 700\nevent: delta\ndata: {"type":"tool"}\n\nid: 2\ndata: plain\n\nevent: done\ndata: [DONE]\n\n'

async function streamed(
  t: TestContext,
  events: Events,
  send: (response: ServerResponse) => void = (response) => void response.end(STREAM),
) {
  const { url: upstream } = await startService(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    send(response)
  })
  return startGateway(t, { routes: [{ upstream, events }] })
}

const HOOKS: readonly (readonly [what: string, events: Events, text: string])[] = [
  [
    'names that pass',
    { only: ['delta', 'message'] },
    'id: 1\nevent: delta\ndata: {"type":"text","text":"Hel","secret":1}\n\nretry: 700\n\nid: 1\nevent: delta\ndata: {"type":"tool"}\n\nid: 2\ndata: plain\n\n',
  ],
  ['names that do not', { without: ['delta', 'done'] }, 'retry: 700\n\nid: 2\ndata: plain\n\n'],
  [
    'what the data says, changes of it and another name',
    {
      where: [{ at: '/type', is: 'text' }],
      json: [{ remove: '/secret' }, { remove: '/type' }],
      rename: { delta: 'token' },
    },
    'retry: 700\n\nid: 1\nevent: token\ndata: {"text":"Hel"}\n\n',
  ],
]
for (const [what, events, text] of HOOKS)
  test(`events are chosen and changed by ${what}`, async (t) => {
    const { url } = await streamed(t, events)
    const { content } = await ask(url)
    // When `retry` comes is the same for clients: it stands for itself.
    const sorted = (stream: string): string[] => stream.split('\n\n').toSorted()
    assert.deepEqual(sorted(content), sorted(text))
  })

test('code makes another event, several or none of each, and sees who asks', async (t) => {
  const { url } = await streamed(t, {
    by: async ({ type, data, lastEventId }, { route, log }) => {
      log.info('an event')
      if (type === 'done') return null
      if (data === 'plain') return undefined
      if (data.includes('tool')) return ['one', { type: 'two', data: `${route}\n${lastEventId}` }]
      return (JSON.parse(data) as { text: string }).text
    },
  })
  assert.equal(
    (await ask(url)).content.replace('retry: 700\n\n', ''),
    'data: Hel\n\ndata: one\n\nevent: two\ndata: route-1\ndata: 1\n\nid: 2\ndata: plain\n\n',
  )
})

test('code that fails ends the stream, with an event where the route has one', async (t) => {
  const by = ({ data }: { readonly data: string }): string => {
    if (data === 'b') throw new Error('the secret is 42')
    return data
  }
  const send = (response: ServerResponse): void => void response.write('data: a\n\ndata: b\n\ndata: c\n\n')
  const told = await streamed(t, { by, errorEvent: 'error' }, send)
  assert.equal((await ask(told.url)).content, 'data: a\n\nevent: error\ndata: {"code":"handler_failed"}\n\n')
  const cut = await streamed(t, { by }, send)
  const { content, complete } = await ask(cut.url)
  assert.deepEqual([content, complete], ['data: a\n\n', false])
})

test('events pass as they come, not when the next one does', async (t) => {
  const go = Promise.withResolvers<ServerResponse>()
  const gateway = await streamed(t, { json: [{ set: '/n', value: 1 }] }, (response) => {
    response.write('data: {}\n\n')
    go.resolve(response)
  })
  const client = await gateway.connect()
  client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await client.receives('data: {"n":1}\n\n')
  ;(await go.promise).end('data: {"n":2}\n\n')
  await client.receives('0\r\n\r\n')
})

test('an event that is larger than the route allows ends the stream', async (t) => {
  const go = Promise.withResolvers<ServerResponse>()
  const gateway = await streamed(t, { rename: { a: 'b' }, maxEvent: '1KiB' }, (response) => {
    response.write('data: a\n\n')
    go.resolve(response)
  })
  const client = await gateway.connect()
  client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await client.receives('data: a\n\n')
  const ended = once(client.socket, 'end')
  ;(await go.promise).write(`data: ${'x'.repeat(5_000)}\n\n`)
  await ended
  assert.doesNotMatch(client.text, /xxx|\r\n0\r\n/)
  assert.equal((await gateway.logged(1)).error, 'response_body_too_large')
})

/** A sink that takes one chunk at a time. */
async function slowly(body: MappedEvents): Promise<string> {
  let text = ''
  await new Promise<void>((resolve, reject) => {
    body.flowTo({
      write(chunk) {
        text += Buffer.from(chunk).toString()
        setImmediate(() => body.resume())
        return false
      },
      end: () => resolve(),
      fail: reject,
    })
  })
  return text
}

test('each event is mapped once and in its order, however the stream is cut, the map waits and the reader takes its time', async () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 12 }),
      cuts,
      fc.boolean(),
      async (waits, sizes, isSlow) => {
        const stream = waits.map((_, index) => `id: ${index}\ndata: ${index}\n\n`).join('')
        const inner = new StreamBody(undefined, { resumeBody: () => {}, cancelBody: () => {} }, Infinity)
        const seen: ServerSentEvent[] = []
        const map = (event: ServerSentEvent): string | Promise<string> => {
          seen.push(event)
          return waits[Number(event.data)] === true
            ? Promise.resolve().then(() => textOf(event))
            : textOf(event)
        }
        const body = new MappedEvents(inner, 1_000, map)
        const read = isSlow ? slowly(body) : collect(body).then(String)
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1
          inner.push(Buffer.from(stream.slice(at, at + size)))
          at += size
        }
        inner.end()
        assert.equal(await read, stream)
        assert.equal(seen.length, waits.length)
      },
    ),
    { numRuns: 200 },
  )
})

test('nothing is sent behind the failure of a stream', async () => {
  const inner = new StreamBody(undefined, { resumeBody: () => {}, cancelBody: () => {} }, Infinity)
  const made = Promise.withResolvers<string>()
  const read = collect(new MappedEvents(inner, 1_000, () => made.promise))
  inner.push(Buffer.from('data: a\n\n'))
  inner.fail(new TrafficError('upstream_closed', 'gone'))
  made.resolve('data: a\n\n')
  await assert.rejects(read, /gone/)
})

test('a condition without a place, and a change that changes nothing, are refused', async () => {
  const refused = (events: unknown) =>
    createGateway({ routes: [{ upstream: 'http://127.0.0.1:1', events }] } as never)
  await assert.rejects(refused({ where: [{ is: 'a' }] }), /where\[0\]\.at/)
  await assert.rejects(refused({ json: [{}] }), /changes nothing/)
  await assert.rejects(refused({ only: ['a\nb'] }), /is not the name of an event/)
})
