import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { describe, it } from 'node:test'
import type { RouteInput } from '../../../src/config/input/input.ts'
import { becomes } from '../../becomes.ts'
import { startGraphql } from './graphql-gateway.ts'

const path = '/graphql'
/** The one is read before its route is known, the other on its route. */
const SOUGHT: RouteInput = {
  name: 'it',
  match: { path, graphql: { operation: ['query', 'mutation'] } },
  graphql: { maxSize: '64KiB' },
}
const JUDGED: RouteInput = { name: 'it', match: { path }, graphql: { maxSize: '64KiB' } }

const HEAD = 'POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n'
const CONTENT = JSON.stringify({ query: 'query A { a(x: "ä") }', operationName: 'A' })
const LENGTH = `content-length: ${Buffer.byteLength(CONTENT)}\r\n`

/** Each byte in a chunk of its own, and in a write of its own. */
function dripped(content: string): Buffer[] {
  return [...Buffer.from(content)].map((byte) => Buffer.from([0x31, 0x0d, 0x0a, byte, 0x0d, 0x0a]))
}

for (const [what, route] of [
  ['to seek its route', SOUGHT],
  ['on its route', JUDGED],
] as const) {
  describe(`a body that is read ${what}`, () => {
    it('may come byte by byte in chunks, and is sent on with its length', async (t) => {
      const gateway = await startGraphql(t, [route])
      const text = await gateway.raw([
        `${HEAD}transfer-encoding: chunked\r\nconnection: close\r\n\r\n`,
        ...dripped(CONTENT),
        '0\r\n\r\n',
      ])
      assert.match(text, /^HTTP\/1\.1 200 /)
      const [sent] = gateway.received
      assert.deepEqual(
        [sent?.body, sent?.headers['content-length']],
        [CONTENT, String(Buffer.byteLength(CONTENT))],
      )
      assert.equal(sent?.headers['transfer-encoding'], undefined)
    })

    it('is asked for with 100 where the client waits for that, and the upstream is not asked for it again', async (t) => {
      const gateway = await startGraphql(t, [route])
      const headers = { 'content-type': 'application/json', expect: '100-continue' }
      const asking = request({ port: gateway.port, path, method: 'POST', headers })
      asking.flushHeaders()
      await once(asking, 'continue')
      asking.end(CONTENT)
      const [{ statusCode }] = (await once(asking, 'response')) as [IncomingMessage]
      assert.deepEqual([statusCode, gateway.received[0]?.headers['expect']], [200, undefined])
    })

    it('is not asked for where its length says that it is too large', async (t) => {
      const gateway = await startGraphql(t, [route])
      const text = await gateway.raw([`${HEAD}content-length: 70000\r\nexpect: 100-continue\r\n\r\n`])
      assert.match(text, /^HTTP\/1\.1 413 /)
    })

    it('is read up to the limit where its length is not known', async (t) => {
      const gateway = await startGraphql(t, [route])
      const chunk = `1000\r\n${' '.repeat(4096)}\r\n`
      const text = await gateway.raw([
        `${HEAD}transfer-encoding: chunked\r\n\r\n`,
        ...Array<string>(17).fill(chunk),
      ])
      assert.match(text, /^HTTP\/1\.1 413 /)
      assert.match(text, /larger than the limit of 65536 bytes/)
      assert.equal(gateway.received.length, 0)
    })

    it('that is cut short reaches nobody', async (t) => {
      const gateway = await startGraphql(t, [route])
      await gateway.abandoned([`${HEAD}${LENGTH}\r\n`, CONTENT.slice(0, 20)])
      await becomes(() => gateway.lines.length, 1)
      assert.equal(gateway.lines[0]?.['error'], 'downstream_closed')
      await gateway.post({ query: '{ a }' })
      assert.equal(gateway.received.length, 1)
    })

    it('leaves the requests behind it where they are', async (t) => {
      const gateway = await startGraphql(t, [route])
      const one = `${HEAD}${LENGTH}\r\n${CONTENT}`
      const bad = `${HEAD}content-length: 1\r\n\r\n{`
      const last = `${HEAD}${LENGTH}connection: close\r\n\r\n${CONTENT}`
      const text = await gateway.raw([one + bad + one, last])
      assert.deepEqual(
        Array.from(text.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => status),
        ['200', '400', '200', '200'],
      )
      assert.deepEqual(
        gateway.received.map(({ body }) => body),
        [CONTENT, CONTENT, CONTENT],
      )
    })

    it('is sent again where an endpoint fails', async (t) => {
      const gateway = await startGraphql(
        t,
        [{ ...route, upstream: 'two', retry: { attempts: 2, backoff: { base: 0, max: 0 } } }],
        { upstreams: { two: { endpoints: [{ url: 'http://127.0.0.1:1' }, { url: 'http://127.0.0.1:2' }] } } },
      )
      const { status } = await gateway.post(CONTENT)
      assert.equal(status, 502)
      assert.equal(gateway.lines[0]?.['attempts'], 2)
    })
  })
}

it('a client that stops in the middle of its body gets 408', async (t) => {
  const gateway = await startGraphql(t, [SOUGHT], { timeouts: { bodyIdle: '100ms' } })
  const text = await gateway.raw([`${HEAD}${LENGTH}\r\n`, CONTENT.slice(0, 5)])
  assert.match(text, /^HTTP\/1\.1 408 /)
  assert.equal(gateway.lines[0]?.['route'], '(none)')
})
