import { connect } from 'node:net'
import { after, describe, it } from 'node:test'
import assert from 'node:assert/strict'
import { startOrigin } from '../origin.ts'
import { configWith, startChanging } from './running-gateway.ts'

// How much slower requests are while 10,000 routes are reloaded under full load. Run it as a test: it prints its figures.

const ROUTES = 10_000
const CLIENTS = 32
const CALM = 2_000
const ROUNDS = 3
/** It takes some 10 s, and several times that where the machine has other things to do. */
const LIMIT = 180_000

interface Sample {
  readonly start: number
  readonly end: number
}

/** Sends one request after the other, each when the answer to the last one is there, and notes how long each took. */
function client(port: number, samples: Sample[], failures: string[]): { stop(): void } {
  let stopped = false
  let start = 0
  let at = 0
  const socket = connect(port, '127.0.0.1', () => send())
  function send(): void {
    start = performance.now()
    at = (at + 997) % ROUTES
    socket.write(`GET /r${at}/x HTTP/1.1\r\nhost: gateway.test\r\n\r\n`)
  }
  // The origin's answers are small: each comes whole.
  socket.on('data', (bytes) => {
    const head = bytes.toString('latin1', 0, 15)
    if (head !== 'HTTP/1.1 200 OK') failures.push(head)
    samples.push({ start, end: performance.now() })
    if (stopped) socket.end()
    else send()
  })
  socket.on('error', (error) => failures.push(error.message))
  socket.on('close', () => {
    if (!stopped) failures.push('closed')
  })
  return {
    stop() {
      stopped = true
    },
  }
}

function p99(samples: readonly Sample[]): number {
  const sorted = samples.map(({ start, end }) => end - start).sort((one, other) => one - other)
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN
}

function routes(upstream: string, round: number): Record<string, unknown> {
  const all = Array.from({ length: ROUTES }, (_, index) => ({
    name: `r${index}`,
    match: { path: `/r${index}/**`, methods: ['GET', 'POST'] },
    upstream: 'origin',
    // One in a hundred changes with each round.
    timeout: index % 100 === 0 ? `${10 + round}s` : '10s',
  }))
  return configWith({
    reload: { watch: false },
    upstreams: { origin: { endpoints: [{ url: upstream }] } },
    routes: all,
  })
}

describe('a reload of 10,000 routes under full load', () => {
  it('fails no request, and costs little time', async (t) => {
    const origin = await startOrigin()
    const gateway = await startChanging(routes(origin.url, 0), {}, undefined, LIMIT)
    const [samples, failures]: [Sample[], string[]] = [[], []]
    const port = Number(new URL(gateway.url).port)
    const clients = Array.from({ length: CLIENTS }, () => client(port, samples, failures))
    after(() => {
      for (const each of clients) each.stop()
    })
    const ratios: number[] = []
    for (let round = 1; round <= ROUNDS; round++) {
      samples.length = 0
      await new Promise((resolve) => setTimeout(resolve, CALM))
      const before = p99(samples)
      gateway.write(routes(origin.url, round))
      const [start, calm] = [performance.now(), samples.length]
      const { body, status } = await gateway.call('POST', '/reload')
      const end = performance.now()
      assert.equal(status, 200, JSON.stringify(body))
      const during = samples.slice(calm)
      const ratio = p99(during) / before
      ratios.push(ratio)
      const worst = Math.max(...during.map((each) => each.end - each.start))
      t.diagnostic(
        `reload of ${(end - start).toFixed(0)} ms: p99 ${before.toFixed(1)} ms before (${calm} requests), ` +
          `${p99(during).toFixed(1)} ms during (${during.length}), ratio ${ratio.toFixed(2)}, longest ${worst.toFixed(0)} ms`,
      )
    }
    for (const each of clients) each.stop()
    assert.deepEqual(failures, [])
    const [median = Number.NaN] = ratios.sort((one, other) => one - other).slice(1)
    t.diagnostic(
      `p99 during a reload of ${ROUTES} routes to p99 before: ${median.toFixed(2)} (median of ${ROUNDS})`,
    )
  })
})
