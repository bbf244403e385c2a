import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WireFault } from '../../src/h1/fault.ts'
import { type Asked, LOW_LIMITS } from './fuzz/input.ts'
import { readRequests, readResponses, type Reading } from './fuzz/reader.ts'
import { runCase } from './fuzz/run-case.ts'
import { emptyTally } from './fuzz/tally.ts'

// What differential fuzzing found, each as the smallest case that shows it.

const ASKED: Asked = { method: 'GET', upgrade: undefined, version: '1.1' }

/** The bytes in one read, and cut in two at every place. */
function readings(text: string, read: (reads: Buffer[]) => Reading): Reading[] {
  const bytes = Buffer.from(text, 'latin1')
  const all = [read([bytes])]
  for (let cut = 1; cut < bytes.length; cut++) all.push(read([bytes.subarray(0, cut), bytes.subarray(cut)]))
  return all
}

const requests = (reads: Buffer[]): Reading => readRequests(reads, LOW_LIMITS)
const responses = (reads: Buffer[]): Reading => readResponses(reads, LOW_LIMITS, ASKED)

for (const [name, fields] of [
  ['both framing fields', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'],
  ['two lengths', 'Content-Length: 1\r\nContent-Length: 1\r\n'],
  ['a length that is none', 'Content-Length: -2\r\n'],
  ['a coding that is not understood', 'Transfer-Encoding: gzip\r\n'],
] as const) {
  test(`a 1xx response with ${name} is refused as a final one is`, () => {
    for (const { stop } of readings(
      `HTTP/1.1 103 Early Hints\r\n${fields}\r\nHTTP/1.1 200 OK\r\n\r\n`,
      responses,
    ))
      assert.ok(stop instanceof WireFault)
  })
}

test('a 1xx response may still say that it has no content', () => {
  const text = 'HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n'
  assert.equal(responses([Buffer.from(text)]).messages.length, 2)
})

test('white space that is none of HTTP does not make a connection option', () => {
  const [reading] = readings('GET / HTTP/1.0\r\nConnection: keep-alive\xa0\r\n\r\n', requests)
  assert.equal(reading?.messages[0]?.intake.persistent, false)
  const [upgrade] = readings(
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\xa0\r\nUpgrade: x\r\n\r\n',
    requests,
  )
  const intake = upgrade?.messages[0]?.intake
  assert.ok(intake !== undefined && 'request' in intake)
  assert.equal(intake.request.upgrade, undefined)
})

test('a head as large as allowed is accepted behind an empty line, and one larger refused, however they are cut', () => {
  for (const [size, isFine] of [
    [LOW_LIMITS.head, true],
    [LOW_LIMITS.head + 1, false],
  ] as const) {
    const head = 'GET / HTTP/1.1\r\nHost: a\r\np: \r\n\r\n'
    const text = `\r\n${head.replace('p: ', `p: ${'p'.repeat(size - head.length)}`)}`
    for (const { stop } of readings(text, requests)) assert.equal(stop === 'ended', isFine)
  }
})

test('trailers as large as allowed are accepted, and larger ones refused, however they are cut', () => {
  for (const [size, isFine] of [
    [LOW_LIMITS.head, true],
    [LOW_LIMITS.head + 1, false],
  ] as const) {
    const trailers = `p: ${'p'.repeat(size - 'p: \r\n\r\n'.length)}\r\n\r\n`
    const text = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${trailers}`
    for (const { stop } of readings(text, requests)) assert.equal(stop === 'ended', isFine)
  }
})

test('half a request behind another is not waited for once its peer has left', async () => {
  // In one read with the end, as a stream that is paused may still tell it; no time passes, so only the end can be the reason.
  const text = 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n1'
  const bytes = Buffer.from(text)
  const input = { bytes, cuts: [], lowLimits: false, whole: true, answers: undefined }
  assert.equal(await runCase(input, emptyTally()), undefined)
})
