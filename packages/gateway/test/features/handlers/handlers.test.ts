import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { gunzipSync, gzipSync } from 'node:zlib'
import { test, type TestContext } from 'node:test'
import { createClient } from '@headgate/client'
import { html, HttpError, json, proxy, sse, text } from '@headgate/client/web'
import { VirtualClock } from '@headgate/core/testing'
import { createGateway } from '../../../src/embedding/create-gateway.ts'
import type { Handle, HandleFunction } from '../../../src/features/handlers/answer-by-code.ts'
import type { LogEntry } from '../../../src/features/handlers/handler-context.ts'
import { eventually } from '../../../../../scripts/testing/eventually.ts'
import { ask } from '../../survival/http-client.ts'
import { startService } from '../../survival/origins.ts'
import { startGateway } from '../../survival/start-gateway.ts'

/** Some kilobytes, more than a socket takes at once when nobody reads. */
const CHUNK = new Uint8Array(256 * 1024)

function serving(t: TestContext, handle: Handle) {
  return startGateway(t, { routes: [{ name: 'code', match: { path: '/**' }, handle }] })
}

test('a function answers with what it makes of method, URL, fields and content', async (t) => {
  const { url } = await serving(t, async (request) => {
    const { method, headers } = request
    return Response.json(
      {
        method,
        path: new URL(request.url).pathname,
        asked: headers.get('x-asked'),
        content: await request.text(),
      },
      { status: 201, headers: { 'x-made': 'here' } },
    )
  })
  const answer = await ask(`${url}/a/b?c=d`, {
    method: 'POST',
    headers: { 'x-asked': 'this' },
    content: 'grüße',
  })
  assert.equal(answer.status, 201)
  assert.equal(answer.headers['content-type'], 'application/json')
  assert.equal(answer.headers['x-made'], 'here')
  assert.equal(answer.headers['content-length'], String(answer.content.length))
  const content = Buffer.from(answer.content, 'latin1').toString()
  assert.deepEqual(JSON.parse(content), { method: 'POST', path: '/a/b', asked: 'this', content: 'grüße' })
})

test('it is the same over a socket and for a client in the same program', async (t) => {
  const handle: HandleFunction = async (request, { params }) =>
    text(`${params['name']} ${await request.text()} ${request.headers.get('x-asked')}`)
  const routes = [{ match: { path: '/hello/:name' }, handle }]
  const { url } = await startGateway(t, { routes })
  await using gateway = await createGateway({ routes })
  await using inside = createClient({ baseUrl: 'http://inside', transport: gateway.handler })
  await using outside = createClient({ baseUrl: url })
  for (const client of [inside, outside]) {
    const response = await client.post('/hello/you', { body: 'there', headers: { 'x-asked': 'twice' } })
    assert.equal(await response.text(), 'you there twice')
    assert.equal(response.header('content-type'), 'text/plain;charset=UTF-8')
  }
})

test('an app with a method fetch answers, and keeps its this', async (t) => {
  class App {
    private readonly name = 'app'
    async fetch(request: Request): Promise<Response> {
      // As frameworks do that hand it on.
      const handed = new Request(request, { headers: { 'x-more': '1' } })
      const content = await handed.text()
      return html(`<p>${this.name} at ${new URL(handed.url).pathname}: ${content}</p>`)
    }
  }
  const { url } = await serving(t, new App())
  const { content, headers } = await ask(`${url}/x`, { method: 'POST', content: 'content' })
  assert.equal(content, '<p>app at /x: content</p>')
  assert.equal(headers['content-type'], 'text/html;charset=UTF-8')
})

test('every kind of content of a Response is sent, whole ones with their length', async (t) => {
  const stream = () => ReadableStream.from([Buffer.from('a'), Buffer.from('b')])
  const answers: Record<string, [() => Response, string, string | undefined]> = {
    text: [() => new Response('text'), 'text', '4'],
    bytes: [() => new Response(new Uint8Array([0x62, 0x79])), 'by', '2'],
    blob: [() => new Response(new Blob(['blob'])), 'blob', undefined],
    form: [() => new Response(new URLSearchParams({ a: '1' })), 'a=1', '3'],
    stream: [() => new Response(stream()), 'ab', undefined],
    told: [() => new Response(stream(), { headers: { 'content-length': '2' } }), 'ab', '2'],
    none: [() => new Response(null), '', '0'],
    nothing: [() => new Response(null, { status: 204 }), '', undefined],
    json: [() => json({ a: 1 }, { status: 202 }), '{"a":1}', '7'],
    read: [() => json({ a: 1 }).clone(), '{"a":1}', '7'],
    html: [() => html('<p>', { headers: [['x-a', '1']] }), '<p>', '3'],
  }
  const { url } = await serving(t, (request) => {
    const [make] = answers[new URL(request.url).pathname.slice(1)] ?? []
    return make?.() ?? new Response('?', { status: 404 })
  })
  for (const [name, [make, content, length]] of Object.entries(answers)) {
    const answer = await ask(`${url}/${name}`)
    assert.equal(answer.status, make().status, name)
    assert.equal(answer.content, content, name)
    if (name !== 'stream' && name !== 'blob') assert.equal(answer.headers['content-length'], length, name)
  }
})

test('HEAD gets the fields and no content, and several cookies stay several', async (t) => {
  const { url } = await serving(t, () => {
    const response = new Response('content')
    response.headers.append('set-cookie', 'a=1')
    response.headers.append('set-cookie', 'b=2')
    return response
  })
  const { status, headers, content } = await ask(url, { method: 'HEAD' })
  assert.deepEqual([status, content], [200, ''])
  assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2'])
})

test('what a handler does wrong costs that exchange a 500 that does not say why, and the log is told', async (t) => {
  const used = async (): Promise<Response> => {
    const response = new Response('used')
    await response.text()
    return response
  }
  const locked = (): Response => {
    const response = new Response('locked')
    response.body?.getReader()
    return response
  }
  const wrongs: Record<string, HandleFunction> = {
    throws: () => {
      throw new Error('the secret is 42')
    },
    rejects: async () => Promise.reject(new Error('the secret is 42')),
    'throws-nothing': () => {
      throw undefined
    },
    used,
    locked,
    nothing: (() => undefined) as never,
    text: (() => 'text') as never,
    error: () => Response.error(),
    again: async (request) => text((await request.text()) + (await request.text())),
  }
  const gateway = await serving(t, (request, context) =>
    (wrongs[new URL(request.url).pathname.slice(1)] as HandleFunction)(request, context),
  )
  for (const name of Object.keys(wrongs)) {
    const { status, content } = await ask(`${gateway.url}/${name}`, { method: 'POST', content: 'x' })
    assert.equal(status, 500, name)
    assert.equal((JSON.parse(content) as { type: string }).type, 'urn:headgate:handler_failed', name)
    assert.doesNotMatch(content, /secret/)
  }
  assert.equal((await ask(`${gateway.url}/throws`, { method: 'POST' })).status, 500)
  for (const { error } of gateway.log) assert.equal(error, 'handler_failed')
})

test('a handler that never answers has the time of its route, and learns that it is over', async () => {
  const clock = new VirtualClock()
  const asked = Promise.withResolvers<Request>()
  const handle: HandleFunction = (request) => {
    asked.resolve(request)
    return new Promise(() => {})
  }
  const gateway = await createGateway({ routes: [{ handle, timeout: '1s' }] }, { clock })
  await using client = createClient({
    transport: gateway.handler,
    clock,
    timeout: { deadline: Infinity },
    throwOnStatus: false,
    retry: false,
    breaker: false,
  })
  const answer = client.get('http://x/')
  const { signal } = await asked.promise
  assert.equal(signal.aborted, false)
  await clock.advance(1_000)
  assert.equal(signal.aborted, true)
  assert.equal((await answer).status, 504)
  await gateway.close(0)
})

test('a client that leaves aborts the signal of its request', async (t) => {
  const asked = Promise.withResolvers<AbortSignal>()
  const gateway = await serving(t, (_request, { signal }) => {
    asked.resolve(signal)
    return new Promise(() => {})
  })
  const client = await gateway.connect()
  client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  const signal = await asked.promise
  client.socket.destroy()
  if (!signal.aborted) await once(signal, 'abort')
  assert.equal((await gateway.logged(1)).error, 'downstream_closed')
})

test('a stream is pulled no faster than the client reads, and cancelled when that leaves', async (t) => {
  let pulled = 0
  const cancelled = Promise.withResolvers<unknown>()
  const gateway = await serving(t, () => {
    const source = {
      pull: (controller: ReadableStreamDefaultController) => (pulled++, controller.enqueue(CHUNK)),
    }
    return new Response(new ReadableStream({ ...source, cancel: cancelled.resolve }))
  })
  const client = await gateway.connect()
  client.socket.pause()
  client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  let before = -1
  await eventually(() => {
    const isStill = pulled > 0 && pulled === before
    before = pulled
    return isStill
  }, 'the stream is not pulled any more')
  assert.ok(pulled < 200, `${pulled} chunks were pulled while nobody read`)
  client.socket.destroy()
  await cancelled.promise
})

test('a stream that breaks cuts the response, which does not look complete', async (t) => {
  const { url } = await serving(t, () => {
    let turns = 0
    return new Response(
      new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setImmediate(resolve))
          if (turns++ > 2) throw new Error('it broke')
          controller.enqueue(Buffer.from('part '))
        },
      }),
    )
  })
  const { complete, status } = await ask(url)
  assert.deepEqual([status, complete], [200, false])
})

test('calls of the context carry request id and trace, end with the exchange, and have no more time than it has', async (t) => {
  const seen: Record<string, unknown>[] = []
  const closed = Promise.withResolvers<void>()
  const { url: service } = await startService(t, ({ url, headers }, response) => {
    seen.push(headers)
    if (url === '/slow') return void response.on('close', () => closed.resolve())
    response.end('answered')
  })
  const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const gateway = await serving(t, async (request, { client, remaining }) => {
    assert.ok(remaining > 0)
    const { pathname } = new URL(request.url)
    return text(await client.get(service + pathname).text())
  })
  const { content, headers } = await ask(`${gateway.url}/a`, { headers: { traceparent: trace } })
  assert.equal(content, 'answered')
  assert.equal(seen[0]?.['x-request-id'], headers['x-request-id'])
  assert.equal(seen[0]?.['traceparent'], trace)
  const client = await gateway.connect()
  client.socket.write('GET /slow HTTP/1.1\r\nhost: a\r\n\r\n')
  await eventually(() => seen.length === 2, 'the service is asked')
  client.socket.destroy()
  await closed.promise
})

test('a call that fails says so to the client as the failure of an upstream does', async (t) => {
  const gateway = await serving(t, async (_request, { client }) =>
    text(await client.get('http://127.0.0.1:1/', { retry: false }).text()),
  )
  const { status, content } = await ask(gateway.url)
  assert.equal(status, 502)
  assert.equal((JSON.parse(content) as { type: string }).type, 'urn:headgate:connect_failed')
})

test('a route that answers by code has policies as any other, and stands beside no other answer', async (t) => {
  const { url } = await startGateway(t, {
    routes: [
      {
        handle: () => text('again and again '.repeat(100)),
        compress: true,
        responseHeaders: { set: { 'x-more': '1' } },
      },
    ],
  })
  const { headers } = await ask(url, { headers: { 'accept-encoding': 'gzip' } })
  assert.equal(headers['content-encoding'], 'gzip')
  assert.equal(headers['x-more'], '1')
  await assert.rejects(
    createGateway({ routes: [{ handle: () => new Response(), respond: {} }] }),
    /"handle" stands beside "respond"/,
  )
})

test('what handlers write into the log has their route and the id of the request', async () => {
  const entries: LogEntry[] = []
  await using gateway = await createGateway(
    {
      routes: [
        {
          name: 'code',
          handle: (_request, { log }) => {
            log.warn('look', { at: 7 })
            throw new Error('it broke')
          },
        },
      ],
    },
    { log: (entry) => entries.push(entry) },
  )
  await using client = createClient({ transport: gateway.handler, throwOnStatus: false, retry: false })
  const requestId = (await client.get('http://x/')).header('x-request-id')
  const [told, failed] = entries
  assert.deepEqual(told, { level: 'warn', message: 'look', facts: { route: 'code', requestId, at: 7 } })
  assert.equal(failed?.level, 'error')
  assert.match(
    failed?.message ?? '',
    /the handler given:\d+#\/routes\/0\/handle failed: it broke\n {4}at handle/,
  )
})

test('an HttpError is told to the client as a problem document', async (t) => {
  const { url } = await serving(t, () => {
    throw new HttpError(404, {
      detail: 'there is no order 7',
      members: { order: 7 },
      headers: { 'x-a': '1' },
    })
  })
  const { status, headers, content } = await ask(url)
  assert.deepEqual([status, headers['content-type'], headers['x-a']], [404, 'application/problem+json', '1'])
  const problem = {
    type: 'about:blank',
    title: 'Not Found',
    status: 404,
    detail: 'there is no order 7',
    order: 7,
  }
  assert.deepEqual(JSON.parse(content), problem)
  assert.throws(() => new HttpError(200), /from 400 to 599/)
})

test('proxy passes request and response on as they are, but for fields of one connection and those that it changes', async (t) => {
  const seen: IncomingMessage[] = []
  const { url: service } = await startService(t, (request, response) => {
    seen.push(request)
    const packed = gzipSync('packed')
    response.writeHead(203, {
      'content-encoding': 'gzip',
      'x-made': 'there',
      connection: 'x-gone',
      'x-gone': '1',
    })
    request.resume().on('end', () => response.end(packed))
  })
  const { url } = await serving(t, (request, context) => {
    const { client, signal } = context
    return proxy(request, service, { client, signal, headers: { 'x-set': 'here', 'x-asked': undefined } })
  })
  const { status, headers, content } = await ask(`${url}/a?b=c`, {
    method: 'PUT',
    headers: { 'x-asked': '1', te: 'trailers', 'x-kept': '1' },
    content: 'content',
  })
  assert.deepEqual([status, headers['content-encoding'], headers['x-made']], [203, 'gzip', 'there'])
  assert.equal(headers['x-gone'], undefined)
  assert.equal(gunzipSync(Buffer.from(content, 'latin1')).toString(), 'packed')
  const [request] = seen
  assert.deepEqual(
    [request?.method, request?.url, request?.headers.host],
    ['PUT', '/a?b=c', new URL(service).host],
  )
  const { 'x-set': set, 'x-asked': asked, te, 'x-kept': kept } = request?.headers ?? {}
  assert.deepEqual([set, asked, te, kept], ['here', undefined, undefined, '1'])
})

test('proxy takes a whole URL as it is, and the context as its options', async (t) => {
  const { url: service } = await startService(t, ({ url }, response) => void response.end(url))
  const { url } = await serving(t, (request, context) => proxy(request, `${service}/other?x=y`, context))
  assert.equal((await ask(`${url}/a?b=c`)).content, '/other?x=y')
})

test('sse streams what a generator brings as events, mapped and filtered, and ends the generator when the client leaves', async (t) => {
  const ended = Promise.withResolvers<void>()
  async function* numbers(): AsyncGenerator<number> {
    try {
      for (let number = 0; ; number++) yield number
    } finally {
      ended.resolve()
    }
  }
  const gateway = await serving(t, () =>
    sse(numbers(), {
      retry: 500,
      filter: (number) => number % 2 === 0,
      map: (number) => [{ type: 'even', id: String(number), data: `${number}\nof many` }],
    }),
  )
  const client = await gateway.connect()
  client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  const received = await client.receives('id: 4')
  assert.match(received, /content-type: text\/event-stream/)
  assert.match(received, /retry: 500\n\n/)
  assert.match(received, /id: 0\nevent: even\ndata: 0\ndata: of many\n\n/)
  assert.doesNotMatch(received, /id: 1\n/)
  client.socket.destroy()
  await ended.promise
})

test('sse sends comments while nothing comes, and tells of a source that fails where it is asked to', async (t) => {
  const go = Promise.withResolvers<string>()
  async function* failing(): AsyncGenerator<string> {
    yield await go.promise
    throw new Error('it broke')
  }
  const gateway = await serving(t, () =>
    sse(failing(), { heartbeat: 20, onError: () => ({ type: 'error', data: 'try later' }) }),
  )
  const client = await gateway.connect()
  client.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await client.receives(':\n\n')
  go.resolve('one')
  const received = await client.receives('try later')
  assert.match(received, /data: one\n\n[^]*event: error\ndata: try later/)
})

test('events of the client go into a response in one line, with their ids', async (t) => {
  const { url: service } = await startService(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end('id: 7\nevent: tick\ndata: {"n":1}\n\n')
  })
  const gateway = await serving(t, (_request, { client }) => sse(client.sse(service, { reconnect: false })))
  const { content } = await ask(gateway.url)
  assert.equal(content, 'id: 7\nevent: tick\ndata: {"n":1}\n\n')
})
