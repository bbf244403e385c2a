import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openDescriptors, residentMemory } from './process-facts.ts'
import type { ThreadSample } from './probe.ts'
import { freePort } from '../../../../scripts/testing/free-port.ts'

const HEADGATE = fileURLToPath(new URL('../../bin/headgate.js', import.meta.url))
/**
 * V8 lets the memory for new objects grow over many minutes, up to this size for each thread: resident memory would grow by some 20 MiB
 * without a leak. Here it begins with all of it. Megabytes.
 */
const WARM = ['--min-semi-space-size=16', '--max-semi-space-size=16']

const PROBE = new URL('./probe.ts', import.meta.url).href
/** Looks for samples, 100 ms apart. */
const MOST_LOOKS = 1_200

/** How long it waits for a request's head: shorter than for anything else that clients owe. Milliseconds. */
const HEAD_TIMEOUT = 1_000
/** How late what clients send may be without being in danger: the gateway's timers take up to 0.1 s for no time at all. */
export const LATE = 0.8 * HEAD_TIMEOUT
const WORKERS = 2

function config(origin: string, http2Origin: string, closed: string, folder: string): object {
  const accessLog = join(folder, 'access.log')
  const disk = join(folder, 'cache')
  const kinds = [
    'ok',
    'chunked',
    'echo',
    'large',
    'events',
    'early',
    'die',
    'reset',
    'garbage',
    'split',
    'two',
  ]
  const paths = [...kinds, 'short', 'cut'].map((kind) => `/${kind}/**`)
  return {
    workers: WORKERS,
    listeners: [{ address: '127.0.0.1:0' }],
    admin: { address: '127.0.0.1:0' },
    accessLog: { path: accessLog },
    // Small, so that both are full soon, and what is stored gives way.
    cache: { memory: '4MiB', disk: { path: disk, size: '8MiB' } },
    timeouts: {
      requestHead: `${HEAD_TIMEOUT}ms`,
      responseHead: '2s',
      bodyIdle: '5s',
      keepAlive: '2s',
      connect: '1s',
    },
    upstreams: {
      origin: { endpoints: [{ url: origin }], pool: { idleTimeout: '2s' } },
      http2: { endpoints: [{ url: http2Origin }], pool: { idleTimeout: '2s' } },
      // Of its own, since the other's connections die.
      tunnels: { endpoints: [{ url: http2Origin }], pool: { idleTimeout: '2s' } },
      closed: { endpoints: [{ url: closed }] },
    },
    routes: [
      { name: 'all', match: { path: paths }, upstream: 'origin' },
      { name: 'http2', match: { path: '/h2c/**' }, upstream: 'http2', timeout: '2s' },
      { name: 'tunnels', match: { path: '/tunnels/**' }, upstream: 'tunnels' },
      { name: 'grpc', match: { grpc: { service: 'soak.Calls' } }, upstream: 'http2', timeout: '2s' },
      {
        name: 'stored',
        match: { path: '/stored/:key/:number' },
        upstream: 'origin',
        // The number of the exchange tells no two requests apart.
        rewrite: { path: '/stored/${params.key}' },
        cache: { staleWhileRevalidate: '2s', staleIfError: '10s' },
      },
      { name: 'hang', match: { path: '/hang/**' }, upstream: 'origin', timeout: '300ms' },
      { name: 'limited', match: { path: '/limited/**' }, upstream: 'origin', limits: { body: '1KiB' } },
      { name: 'refuse', match: { path: '/refuse/**' }, upstream: 'closed' },
    ],
  }
}

/** The built gateway as a process, watched from outside and by the probe in each of its threads. */
export class SoakedGateway {
  readonly accessLog: string
  readonly port: number
  readonly admin: string
  private readonly folder: string
  private readonly child: ChildProcess

  private constructor(child: ChildProcess, folder: string, url: string, admin: string) {
    this.child = child
    this.folder = folder
    this.accessLog = join(folder, 'access.log')
    this.port = Number(new URL(url).port)
    this.admin = admin
  }

  /** @param interval of the probe's samples, in milliseconds */
  static async start(origin: string, http2Origin: string, interval: number): Promise<SoakedGateway> {
    const folder = mkdtempSync(join(tmpdir(), 'headgate-soak-'))
    const file = join(folder, 'headgate.json')
    const closed = `http://127.0.0.1:${await freePort()}`
    writeFileSync(file, JSON.stringify(config(origin, http2Origin, closed, folder)))
    const child = spawn(process.execPath, [...WARM, '--import', PROBE, HEADGATE, 'run', '-c', file], {
      env: { ...process.env, SOAK_SAMPLES: join(folder, 'samples'), SOAK_INTERVAL: String(interval) },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    process.once('exit', () => child.kill('SIGKILL'))
    const said = await new Promise<string>((resolve, reject) => {
      let said = ''
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        said += text
        if (said.includes('ready: version')) resolve(said)
      })
      child.once('exit', () => reject(new Error(`the gateway ended:\n${said}`)))
    })
    const url = /"url":"(http[^"]+)"/.exec(said)?.[1] ?? ''
    const admin = /"admin":"(http[^"]+)"/.exec(said)?.[1] ?? ''
    return new SoakedGateway(child, folder, url, admin)
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  get descriptors(): number {
    return openDescriptors(this.child.pid ?? 0)
  }

  get residentMemory(): number {
    return residentMemory(this.child.pid ?? 0)
  }

  samples(): ThreadSample[] {
    // The last line may be half written.
    const lines = readFileSync(join(this.folder, 'samples'), 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as ThreadSample)
  }

  /**
   * Waits until each thread has given so many samples since `since`, in milliseconds since 1970, which takes long where the machine is
   * busy. It is bounded by how often it has looked; the judge says what is missing then.
   */
  async sampled(count: number, since: number): Promise<void> {
    for (let looks = 0; looks < MOST_LOOKS && this.alive && !this.hasSampled(count, since); looks++)
      await sleep(100)
  }

  private hasSampled(count: number, since: number): boolean {
    const given = new Map<number, number>()
    for (const { thread, time } of existsSync(join(this.folder, 'samples')) ? this.samples() : [])
      if (time > since) given.set(thread, (given.get(thread) ?? 0) + 1)
    const enough = [...given.values()].filter((samples) => samples >= count)
    return enough.length > WORKERS
  }

  /** The values of /metrics, by series as they are written there. */
  async metrics(): Promise<Map<string, number>> {
    const page = await new Promise<string>((resolve, reject) => {
      const asked = request(`${this.admin}/metrics`, { agent: false }, (response) => {
        text(response).then(resolve, reject)
      })
      asked.on('error', reject).end()
    })
    const values = new Map<string, number>()
    for (const line of page.split('\n')) {
      const at = line.lastIndexOf(' ')
      if (at > 0 && !line.startsWith('#')) values.set(line.slice(0, at), Number(line.slice(at + 1)))
    }
    return values
  }

  /** Ends it as an operator does; resolves with its exit code. */
  async stop(): Promise<number | null> {
    const exited = new Promise<number | null>((resolve) => this.child.once('exit', resolve))
    if (!this.alive) return this.child.exitCode
    this.child.kill('SIGTERM')
    return exited
  }

  /** Removes all that it wrote. */
  discard(): void {
    this.child.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}
