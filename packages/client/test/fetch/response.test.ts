import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrafficError } from '../../src/index.ts'
import { clientOf, originOf } from '../origin.ts'

test('fetch stands in for the platform’s fetch, apart from its client', async (t) => {
  const url = await originOf(t, (_request, response) => response.end('hello'))
  const fetch: typeof globalThis.fetch = clientOf(t).fetch
  const response = await fetch(url)
  assert.ok(response instanceof Response)
  assert.equal(response.status, 200)
  assert.equal(response.ok, true)
  assert.equal(response.statusText, 'OK')
  assert.equal(response.redirected, false)
  assert.equal(response.url, `${url}/`)
  assert.equal(await response.text(), 'hello')
})

test('a status of 400 or more is a response of fetch, not an error', async (t) => {
  const url = await originOf(t, (_request, response) => response.writeHead(404).end('none'))
  const response = await clientOf(t).fetch(url)
  assert.equal(response.ok, false)
  assert.equal(response.status, 404)
  assert.equal(await response.text(), 'none')
})

const readers: readonly [name: string, read: (response: Response) => Promise<unknown>, expected: unknown][] =
  [
    ['text', (response) => response.text(), '{"ü":1}'],
    ['json', (response) => response.json(), { ü: 1 }],
    ['bytes', (response) => response.bytes(), new Uint8Array(Buffer.from('{"ü":1}'))],
    ['arrayBuffer', async (response) => Buffer.from(await response.arrayBuffer()).toString(), '{"ü":1}'],
    ['blob', async (response) => (await response.blob()).type, 'application/json'],
    ['a stream', async (response) => Buffer.concat(await chunksOf(response)).toString(), '{"ü":1}'],
  ]

async function chunksOf(response: Response): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for await (const chunk of response.body ?? []) chunks.push(chunk)
  return chunks
}

for (const flow of ['at once', 'in pieces']) {
  for (const [name, read, expected] of readers) {
    test(`a response that comes ${flow} is read as ${name}, once`, async (t) => {
      const url = await originOf(t, (_request, response) => {
        response.setHeader('content-type', 'application/json')
        if (flow === 'at once') return response.end('{"ü":1}')
        response.write('{"')
        response.flushHeaders()
        return setImmediate(() => response.end('ü":1}'))
      })
      const response = await clientOf(t).fetch(url)
      assert.equal(response.bodyUsed, false)
      assert.deepEqual(await read(response), expected)
      assert.equal(response.bodyUsed, true)
      await assert.rejects(response.text(), TypeError)
      assert.throws(() => response.clone(), TypeError)
    })
  }
}

test('formData reads what a server sends as a form', async (t) => {
  const url = await originOf(t, (_request, response) => {
    response.setHeader('content-type', 'application/x-www-form-urlencoded')
    response.end('a=1&b=%C3%BC')
  })
  const form = await (await clientOf(t).fetch(url)).formData()
  assert.deepEqual([...form], Object.entries({ a: '1', b: 'ü' }))
})

for (const size of [5, 3_000_000]) {
  test(`a clone of a response of ${size} bytes reads the same`, async (t) => {
    const content = 'x'.repeat(size)
    const url = await originOf(t, (_request, response) => response.end(content))
    const response = await clientOf(t).fetch(url)
    const copy = response.clone()
    const [one, other] = await Promise.all([response.text(), copy.text()])
    assert.equal(one, content)
    assert.equal(other, content)
    assert.ok(response.bodyUsed && copy.bodyUsed)
  })
}

test('each Set-Cookie field stands for itself, and other fields of one name are joined', async (t) => {
  const url = await originOf(t, (_request, response) => {
    response.setHeader('set-cookie', ['a=1; Path=/', 'b=2; Expires=Thu, 01 Jan 2026 00:00:00 GMT'])
    response.setHeader('x-many', ['1', '2'])
    response.end()
  })
  const { headers } = await clientOf(t).fetch(url)
  assert.deepEqual(headers.getSetCookie(), ['a=1; Path=/', 'b=2; Expires=Thu, 01 Jan 2026 00:00:00 GMT'])
  assert.equal(headers.get('X-Many'), '1, 2')
  assert.equal(headers.get('x-none'), null)
})

test('responses without content have no body: HEAD, 204, 304', async (t) => {
  const url = await originOf(t, (request, response) => {
    if (request.method === 'HEAD') return response.setHeader('content-length', '5').end()
    return response.writeHead(request.url === '/304' ? 304 : 204).end()
  })
  const client = clientOf(t)
  for (const [path, method] of [
    ['/', 'HEAD'],
    ['/204', 'GET'],
    ['/304', 'GET'],
  ] as const) {
    const response = await client.fetch(url + path, { method })
    assert.equal(response.body, null, method + path)
    assert.equal(await response.text(), '')
  }
})

test('a body that breaks off fails its reader', async (t) => {
  const url = await originOf(t, (_request, response) => {
    response.writeHead(200, { 'content-length': '10' })
    response.write('12345')
    setImmediate(() => response.destroy())
  })
  for (const read of [
    (response: Response) => response.text(),
    (response: Response) => chunksOf(response),
    (response: Response) => response.clone().text(),
  ]) {
    const response = await clientOf(t, { retry: false }).fetch(url)
    await assert.rejects(read(response), (error: TypeError) => {
      assert.equal(error.message, 'terminated')
      assert.equal((error.cause as TrafficError).code, 'upstream_closed')
      return true
    })
  }
})

test('a body larger than maxBufferedBody is refused when read whole, and can be streamed', async (t) => {
  const url = await originOf(t, (_request, response) => response.end('x'.repeat(100_000)))
  const client = clientOf(t, { maxBufferedBody: 99_999 })
  await assert.rejects(client.get(url).text(), {
    code: 'response_body_too_large',
    message: /maxBufferedBody/,
  })
  const chunks = await chunksOf(await client.fetch(url))
  assert.equal(Buffer.concat(chunks).length, 100_000)
})
