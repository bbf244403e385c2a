import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyFrom } from '../../src/message/body.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { FilledBody, headers, serve } from './harness.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

for (const [name, value] of [
  ['x-a', 'one\r\nset-cookie: stolen=1'],
  ['x-a', 'one\r\n\r\n<script>'],
  ['x-a', 'one\nset-cookie: stolen=1'],
  ['x-a', 'one\rset-cookie: stolen=1'],
  ['x-a', 'nul\0'],
  ['x-a: 1\r\nset-cookie', 'stolen=1'],
  ['x-a', 'beyond latin1: \u{10d0a}'],
  ['x-a', 'latin1 truncates it to CR: \u010d\u010aset-cookie: stolen=1'],
] as const) {
  test(`nothing that a policy smuggled into a field gets out: ${JSON.stringify(`${name}: ${value}`)}`, async (t) => {
    const server = await serve(t, () => {
      const smuggled = headers(['x-before', 'fine'])
      smuggled.add(name, value)
      return Promise.resolve(new HttpResponse(200, smuggled, bodyFrom('content')))
    })
    const client = await server.client()
    client.send(GET)
    assert.match(await client.end(), /^HTTP\/1\.1 500 Internal Server Error\r\n/)
    assert.doesNotMatch(client.text, /stolen|script|x-a|nul|content$/)
    assert.match(client.text, /\r\nconnection: close\r\n/)
    assert.equal(server.refusals[0]?.code, 'internal')
    assert.equal(server.outcomes[0]?.error?.code, 'internal')
  })
}

test('nothing that was smuggled into a trailer gets out: the body is cut off instead', async (t) => {
  const filled = new FilledBody()
  const server = await serve(t, () => Promise.resolve(new HttpResponse(200, headers(), filled.body)))
  const client = await server.client()
  client.send(GET)
  await client.receives('\r\n\r\n')
  const trailers = headers()
  trailers.add('x-a', '1\r\n\r\nHTTP/1.1 200 OK')
  filled.push('part')
  filled.body.end(trailers)
  assert.match(await client.end(), /\r\n\r\n4\r\npart\r\n$/)
  assert.equal(server.outcomes[0]?.error?.code, 'internal')
})

for (const status of [0, 99, 100, 101, 103, 199, 600, 1000, Number.NaN, 200.5]) {
  test(`${status} is no status for a final response: answered with 500`, async (t) => {
    const server = await serve(t, () => Promise.resolve(new HttpResponse(status, headers(), bodyFrom('x'))))
    const client = await server.client()
    client.send(GET)
    assert.match(await client.end(), /^HTTP\/1\.1 500 /)
    assert.equal(server.outcomes[0]?.error?.code, 'internal')
  })
}
