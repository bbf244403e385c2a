import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const CLIENTS = 8
/**
 * Milliseconds between a client's answer and its next request: some connections are idle when an endpoint dies, and the machine has
 * something left for the tests beside this one. Some 1,500 requests in a second come of it.
 */
const PAUSE = 3

/** Clients that ask one thing after the other. What they saw is collected in rounds. */
export class Load {
  failures: string[] = []
  private times: number[] = []
  private stopped = false
  private readonly agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })
  private readonly clients: readonly Promise<void>[]

  constructor(url: string) {
    this.clients = Array.from({ length: CLIENTS }, () => this.client(url))
  }

  /** The 99th percentile of what answers took in a span of time that starts now. Milliseconds. */
  async during(span: number): Promise<{ readonly p99: number; readonly count: number }> {
    this.times = []
    await sleep(span)
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
      await sleep(PAUSE)
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
