import assert from 'node:assert/strict'
import { Agent, createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startGateway } from './start-gateway.ts'

/** What an endpoint takes to answer, in milliseconds: well above what a busy machine adds. */
const USUAL = 30
const SLOW = 2_000
const CLIENTS = 8

interface FaultyEndpoint {
  readonly url: string
  delay: number
  /** Ends it as a crash does: nothing listens any more, and what it was at is cut off. */
  kill(): void
}

async function startEndpoint(t: TestContext): Promise<FaultyEndpoint> {
  const endpoint = { url: '', delay: USUAL, kill }
  const server: Server = createServer((_, response) => {
    setTimeout(() => response.end('ok\n'), endpoint.delay)
  })
  function kill(): void {
    server.close()
    server.closeAllConnections()
  }
  t.after(kill)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpoint.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return endpoint
}

/** Clients that ask one thing after the other. What they saw is collected in rounds. */
class Load {
  failures: string[] = []
  private times: number[] = []
  private stopped = false
  private readonly agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })
  private readonly clients: readonly Promise<void>[]

  constructor(url: string) {
    this.clients = Array.from({ length: CLIENTS }, () => this.client(url))
  }

  /** The 99th percentile of what answers took since the last call. */
  p99(): { readonly p99: number; readonly count: number } {
    const times = this.times.sort((one, other) => one - other)
    this.times = []
    return { p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN, count: times.length }
  }

  async stop(): Promise<void> {
    this.stopped = true
    await Promise.all(this.clients)
    this.agent.destroy()
  }

  private async client(url: string): Promise<void> {
    while (!this.stopped) {
      const started = performance.now()
      const seen = await this.ask(url).catch(String)
      this.times.push(performance.now() - started)
      if (seen !== '200') this.failures.push(seen)
    }
  }

  private ask(url: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const asked = request(url, { agent: this.agent }, (response) => {
        response.resume()
        response.on('end', () => resolve(String(response.statusCode)))
        response.on('error', reject)
      })
      asked.on('error', reject)
      asked.end()
    })
  }
}

test('of three endpoints one is killed and one made slow under load: no GET fails, and soon none is slow', async (t) => {
  const [one, two, three] = [await startEndpoint(t), await startEndpoint(t), await startEndpoint(t)]
  const gateway = await startGateway(t, {
    upstreams: {
      orders: {
        endpoints: [one, two, three].map(({ url }) => ({ url })),
        balance: 'peak-ewma',
        health: { type: 'tcp', interval: '1s' },
      },
    },
    routes: [{ upstream: 'orders' }],
  })
  const load = new Load(gateway.url)
  await sleep(1_000)
  load.p99()
  await sleep(2_000)
  const before = load.p99()
  one.kill()
  two.delay = SLOW
  await sleep(5_000)
  const meanwhile = load.p99()
  await sleep(3_000)
  const after = load.p99()
  await load.stop()
  t.diagnostic(
    `p99 ${before.p99.toFixed(1)} ms before, ${meanwhile.p99.toFixed(1)} ms in the 5 s of the change, ` +
      `${after.p99.toFixed(1)} ms after (${(after.p99 / before.p99).toFixed(2)} times); ` +
      `${load.failures.length} of ${before.count + meanwhile.count + after.count} requests failed`,
  )
  assert.deepEqual(load.failures, [])
  assert.ok(after.p99 <= 2 * before.p99, `${after.p99} ms, before ${before.p99} ms`)
})
