import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyFrom, HeaderList, HttpResponse, TrafficError } from '@headgate/core'
import { createClient, type Transport } from '../src/index.ts'
import { fromMsw, type MswHandler } from '../src/testing/index.ts'
import { clientOf, contentOf, originOf } from './origin.ts'

const URL_A = 'http://api.example/a?q=1'

test('a transport with the method fetch gets a Request and gives a Response, as servers of the web platform do', async () => {
  class App {
    private readonly greeting = 'hello'
    async fetch(request: Request): Promise<Response> {
      const text = `${this.greeting} ${request.method} ${request.url} ${await request.text()}`
      const headers = new Headers({ 'x-type': request.headers.get('content-type') ?? '' })
      headers.append('set-cookie', 'a=1')
      headers.append('set-cookie', 'b=2')
      return new Response(text, { status: 201, statusText: 'As Pleases Me', headers })
    }
  }
  const response = await createClient({ transport: new App() }).post(URL_A, { json: { a: 1 } })
  assert.equal(await response.text(), `hello POST ${URL_A} {"a":1}`)
  assert.deepEqual([response.status, response.statusText], [201, 'As Pleases Me'])
  assert.equal(response.headers.get('x-type'), 'application/json')
  assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2'])
})

test('a transport that is a function is a handler of the engine', async () => {
  const transport = async (): Promise<HttpResponse> =>
    new HttpResponse(200, new HeaderList(), bodyFrom('engine'))
  assert.equal(await createClient({ transport }).get(URL_A).text(), 'engine')
})

test('a function from Request to Response is told what to write instead', async () => {
  // @ts-expect-error a function is a handler of the engine
  const transport: Transport = () => Promise.resolve(new Response('x'))
  const { error } = await createClient({ transport, retry: false }).attempt(URL_A)
  assert.match(error?.message ?? '', /write transport: \{ fetch: \(request\) => … \}/)
  for (const wrong of [{}, { fetch: 1 }, 'http://a/', []] as unknown as Transport[])
    assert.throws(
      () => createClient({ transport: wrong }),
      /option transport is .*a function fetch from Request to Response/,
    )
})

test('what transport.fetch gives that is no response fails the call, and says so', async () => {
  for (const [answer, message] of [
    [Response.error(), /network error/],
    [undefined, /made no Response, but undefined/],
    ['text', /made no Response, but string/],
  ] as const) {
    const transport = { fetch: () => answer as Response }
    const { error } = await createClient({ transport, retry: false }).attempt(URL_A)
    assert.match(error?.message ?? '', message)
  }
})

test('redirects and retries of transport.fetch are the client’s', async () => {
  const asked: string[] = []
  const transport = {
    fetch: ({ url, redirect }: Request): Response => {
      asked.push(`${new URL(url).pathname} ${redirect}`)
      if (asked.length === 1) return new Response(null, { status: 503 })
      return asked.length === 2 ? Response.redirect('http://api.example/b', 302) : new Response('there')
    },
  }
  const client = createClient({ transport, retry: { backoff: { base: 1, max: 1 } } })
  assert.equal(await client.get(URL_A).text(), 'there')
  assert.deepEqual(asked, ['/a manual', '/a manual', '/b manual'])
})

test('the signal of the Request fires when the call is given up', async () => {
  const control = new AbortController()
  const fired = Promise.withResolvers<unknown>()
  const transport = {
    fetch: ({ signal }: Request): Promise<Response> => {
      signal.addEventListener('abort', () => fired.resolve(signal.reason))
      control.abort()
      return new Promise(() => {})
    },
  }
  const { error } = await createClient({ transport }).attempt(URL_A, { signal: control.signal })
  assert.equal(error?.code, 'cancelled')
  assert.equal(await fired.promise, error)
})

test('another client is a transport', async (t) => {
  const origin = await originOf(t, (request, response) => {
    void contentOf(request).then((content) => response.end(`got ${content.toString()}`))
  })
  const inner = clientOf(t, { preset: 'fetch' })
  assert.equal(await createClient({ transport: inner }).put(origin, { body: 'x' }).text(), 'got x')
})

/** As msw's handlers look from outside: the real ones are run by `npm run sdks`. */
function handler(path: string, answer: (request: Request) => Response | undefined): MswHandler {
  return {
    run: async ({ request }) =>
      new URL(request.url).pathname === path ? { response: answer(request) } : null,
  }
}

test('fromMsw asks handlers in turn, and the first that answers counts', async () => {
  const handlers = [
    handler('/a', () => undefined),
    handler('/a', () => new Response('second')),
    handler('/a', () => new Response('third')),
  ]
  const client = createClient({ transport: fromMsw(handlers) })
  assert.equal(await client.get(URL_A).text(), 'second')
  handlers.unshift(handler('/a', () => new Response('put before')))
  assert.equal(await client.get(URL_A).text(), 'put before')
})

test('fromMsw: a request that no handler answers fails by name, or goes where unhandled says, with its body', async () => {
  const passing = [
    handler('/a', () => new Response(null, { status: 302, headers: { 'x-msw-intention': 'passthrough' } })),
  ]
  for (const handlers of [[], passing]) {
    const { error } = await createClient({ transport: fromMsw(handlers) }).attempt(URL_A)
    assert.match(error?.message ?? '', /no handler of msw answers GET http:\/\/api\.example\/a: add one/)
    const unhandled = { fetch: async (request: Request) => new Response(`real ${await request.text()}`) }
    const client = createClient({ transport: fromMsw(handlers, { unhandled }) })
    assert.equal(await client.post(URL_A, { body: 'x' }).text(), 'real x')
    assert.equal(await client.post(URL_A, { body: new Blob(['y']) }).text(), 'real y')
  }
})

test('fromMsw: a network error is a connection that failed, which is tried again', async () => {
  let calls = 0
  const transport = fromMsw([handler('/a', () => (++calls === 1 ? Response.error() : new Response('x')))])
  const client = createClient({ transport, retry: { backoff: { base: 1, max: 1 } } })
  assert.equal(await client.post(URL_A).text(), 'x')
  const { error } = await createClient({
    transport: fromMsw([handler('/a', () => Response.error())]),
    retry: false,
  }).attempt(URL_A)
  assert.ok(error instanceof TrafficError)
  assert.equal(error.code, 'connect_failed')
})
