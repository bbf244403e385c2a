import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { HttpResponse } from '../../src/message/response.ts'
import { eventually, serve } from './harness.ts'

/** Counts the bytes that are copied from one buffer to another, as far as that happens with these methods. */
function countCopied(t: TestContext): { bytes: number } {
  const copied = { bytes: 0 }
  const from = Buffer.from.bind(Buffer) as (...given: unknown[]) => Buffer
  const concat = Buffer.concat.bind(Buffer)
  t.mock.method(Buffer, 'from', (...given: unknown[]) => {
    if (Buffer.isBuffer(given[0])) copied.bytes += given[0].length
    return from(...given)
  })
  t.mock.method(Buffer, 'concat', (list: readonly Uint8Array[], length?: number) => {
    copied.bytes += list.reduce((sum, each) => sum + each.length, 0)
    return concat(list, length)
  })
  return copied
}

const REQUESTS = {
  'without content': 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'with content': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na',
  'in chunks': 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
}

for (const [kind, request] of Object.entries(REQUESTS)) {
  test(`of many requests ${kind} in one read, what is left is not copied for each of them`, async (t) => {
    let served = 0
    const server = await serve(t, () => {
      served++
      return Promise.resolve(new HttpResponse(204))
    })
    const client = await server.client()
    const count = Math.floor((48 * 1024) / request.length)
    const copied = countCopied(t)
    client.send(request.repeat(count))
    await eventually(() => served === count, 'all requests are served')
    // The reads may be several; the square would be hundreds of times as much.
    assert.ok(copied.bytes < 8 * count * request.length, `${copied.bytes} bytes were copied`)
  })
}
