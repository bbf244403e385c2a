import assert from 'node:assert/strict'
import {
  performance,
  PerformanceObserver,
  type PerformanceResourceTiming as NodeTiming,
} from 'node:perf_hooks'
import { type TestContext, test } from 'node:test'
import { VirtualClock } from '../../src/testing/index.ts'
import { clientOf, originOf } from '../origin.ts'

/** With what the types of Node leave out. */
interface PerformanceResourceTiming extends NodeTiming {
  readonly initiatorType: string
  readonly responseStatus: number
  readonly nextHopProtocol: string
  readonly responseStart: number
}

/** The entries of this test, as an observer gets them. */
function observed(t: TestContext): { next(): Promise<PerformanceResourceTiming> } {
  const entries: PerformanceResourceTiming[] = []
  let tell = (): void => {}
  const observer = new PerformanceObserver((list) => {
    entries.push(...(list.getEntriesByType('resource') as PerformanceResourceTiming[]))
    tell()
  })
  observer.observe({ type: 'resource' })
  t.after(() => {
    observer.disconnect()
    performance.clearResourceTimings()
  })
  return {
    async next() {
      while (entries.length === 0) await new Promise<void>((resolve) => (tell = resolve))
      return entries.shift() as PerformanceResourceTiming
    },
  }
}

test('fetch leaves a PerformanceResourceTiming once its content has ended, in the order of what happened', async (t) => {
  const url = await originOf(t, ({ url: path }, response) => {
    if (path === '/old') response.writeHead(302, { location: '/new' })
    response.write('ab')
    setImmediate(() => response.end('cd'))
  })
  const entries = observed(t)
  const client = clientOf(t)
  const started = performance.now()
  await (await client.fetch(`${url}/x?y=1`)).text()
  const entry = await entries.next()
  assert.equal(entry.name, `${url}/x?y=1`)
  assert.equal(entry.initiatorType, 'fetch')
  assert.equal(entry.responseStatus, 200)
  assert.equal(entry.nextHopProtocol, 'http/1.1')
  assert.equal(entry.encodedBodySize, 4)
  const { fetchStart, connectStart, connectEnd, requestStart, responseStart, responseEnd } = entry
  const times = [
    started,
    fetchStart,
    connectStart,
    connectEnd,
    requestStart,
    responseStart,
    responseEnd,
    performance.now(),
  ]
  assert.deepEqual(
    times,
    times.toSorted((one, other) => one - other),
  )
  await (await client.fetch(`${url}/old`)).text()
  const redirected = await entries.next()
  assert.equal(redirected.name, `${url}/old`)
  assert.ok(redirected.redirectStart > 0)
})

test('calls that fail, that are no fetch, or whose clock is a test’s, leave none', async (t) => {
  const url = await originOf(t, (_, response) => void response.end('ok'))
  const entries = observed(t)
  const client = clientOf(t, { retry: false })
  await assert.rejects(client.fetch('http://127.0.0.1:1/'))
  await client.get(`${url}/get`).text()
  await (await clientOf(t, { clock: new VirtualClock() }).fetch(`${url}/clock`)).text()
  await (await client.fetch(`${url}/last`)).text()
  assert.equal((await entries.next()).name, `${url}/last`)
})
