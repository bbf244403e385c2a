import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ResponseReader } from '../src/load/response-reader.ts'
import { smallBody, smallResponse } from '../src/origin/documents.ts'

/** What the reader says of each response when the bytes come in these chunks. */
function outcomes(chunks: readonly Buffer[], bodyLength = smallBody.length): (string | undefined)[] {
  const seen: (string | undefined)[] = []
  const reader = new ResponseReader(bodyLength, (failure) => seen.push(failure))
  // One buffer for all reads, never cleared, as in the load generator: what is left in it must not be seen.
  const shared = Buffer.alloc(64 * 1024, '\r\n\r\n')
  for (const chunk of chunks) {
    chunk.copy(shared)
    reader.read(shared, chunk.length)
  }
  return seen
}

test('the small document is 89 bytes of JSON', () => {
  assert.equal(Buffer.byteLength(smallBody), 89)
  assert.doesNotThrow(() => JSON.parse(smallBody))
})

test('a response counts once, wherever it is split', () => {
  for (let at = 1; at < smallResponse.length; at++) {
    const parts = [smallResponse.subarray(0, at), smallResponse.subarray(at)]
    assert.deepEqual(outcomes([...parts, ...parts]), [undefined, undefined], `split at ${at}`)
  }
})

test('the length is found in whatever case the proxy writes the name', () => {
  for (const name of ['content-length', 'Content-Length', 'CONTENT-LENGTH']) {
    const response = Buffer.from(`HTTP/1.1 200 OK\r\na: b\r\n${name}: 2\r\n\r\n{}`)
    assert.deepEqual(outcomes([response, response], 2), [undefined, undefined])
  }
})

test('what is not a 200 with the expected length is a failure with a name', () => {
  const failures: [string, string][] = [
    ['HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n', 'status 502'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc', 'Content-Length 3 instead of 2'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 'no Content-Length instead of 2'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}x', 'bytes after the response'],
  ]
  for (const [response, failure] of failures)
    assert.deepEqual(outcomes([Buffer.from(response)], 2), [failure])
})
