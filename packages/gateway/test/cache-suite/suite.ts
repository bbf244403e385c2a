import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { VirtualClock } from '@headgate/core/testing'
import { createGateway } from '../../src/index.ts'
import { inVirtualTime } from './suite-time.ts'

/** A test of the suite: what a cache must do, what would be best, or a question to which each answer is right. */
export interface SuiteTest {
  readonly id: string
  readonly name: string
  readonly kind?: 'required' | 'optimal' | 'check'
  readonly depends_on?: readonly string[]
  readonly browser_only?: boolean
}

/** What the suite writes down of each test: true, or the kind of error and its message. */
export type SuiteResults = Readonly<Record<string, true | readonly [kind: string, message: string]>>

/** A cache whose results the authors of the suite publish with it. */
export interface PublishedCache {
  readonly name: string
  readonly version: string
  readonly type: 'browser' | 'rev-proxy' | 'cdn'
  readonly results: SuiteResults
}

const root = new URL('./', import.meta.resolve('http-cache-tests/package.json'))

/** A module of the suite, which has no types. */
async function load<Module>(path: string): Promise<Module> {
  return (await import(new URL(path, root).href)) as Module
}

/** All tests that concern a cache in front of an origin. */
export async function suiteTests(): Promise<SuiteTest[]> {
  type Suite = { readonly tests: readonly SuiteTest[] }
  const { default: suites } = await load<{ default: readonly Suite[] }>('tests/index.mjs')
  // Of its own, as the suite's command line adds it.
  const { default: surrogate } = await load<{ default: Suite }>('tests/surrogate-control.mjs')
  return [...suites, surrogate].flatMap(({ tests }) => tests).filter((test) => test.browser_only !== true)
}

export async function publishedCaches(): Promise<PublishedCache[]> {
  type Named = Omit<PublishedCache, 'results'> & { readonly file: string }
  const { default: index } = await load<{ default: readonly Named[] }>('results/index.mjs')
  return index.map(({ file, name, version, type }) => {
    const text = readFileSync(fileURLToPath(new URL(`results/${file}`, root)), 'utf8')
    return { name, version, type, results: JSON.parse(text) as SuiteResults }
  })
}

/** The origin of the suite, on loopback; that of the package listens everywhere. */
async function startOrigin(
  clock: VirtualClock,
): Promise<{ readonly url: string; readonly close: () => void }> {
  type Handle = (path: string[], ...rest: Parameters<RequestListener>) => void
  const handlers = new Map<string, Handle>()
  for (const name of ['config', 'test', 'state'])
    handlers.set(name, (await load<{ default: Handle }>(`server/handle-${name}.mjs`)).default)
  const server = createServer((request, response) => {
    const [, name = '', ...path] = new URL(request.url ?? '/', 'http://localhost').pathname.split('/')
    const writeHead = response.writeHead.bind(response) as (...rest: unknown[]) => ServerResponse
    // Else Node adds it, by the clock on the wall.
    response.writeHead = (...rest: unknown[]) => {
      if (!response.hasHeader('date')) response.setHeader('date', new Date(clock.wallTime()).toUTCString())
      return writeHead(...rest)
    }
    const handle = handlers.get(name)
    if (handle === undefined) response.writeHead(404).end()
    else handle(path, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Runs the tests of the suite against a gateway with a cache, all at once. Once in a process: the suite keeps its results. */
export async function runSuite(tests: readonly SuiteTest[]): Promise<SuiteResults> {
  type Run = (tests: unknown, fetch: unknown, browser: boolean, base: string, atOnce: number) => Promise<void>
  type Runner = { readonly runTests: Run; readonly getResults: () => SuiteResults }
  const { runTests, getResults } = await load<Runner>('client/runner.mjs')
  // What the published results were asked with: a fetch by the standard adds Cache-Control and Pragma to conditional requests.
  const fetch: unknown = createRequire(new URL('cli.mjs', root))('node-fetch')
  const clock = new VirtualClock({ wallTime: Date.now() })
  const origin = await startOrigin(clock)
  // A request that is tried again is none that the suite can judge.
  const routes = [{ upstream: origin.url, retry: false, cache: true } as const]
  const gateway = await createGateway({ listeners: [{ address: '127.0.0.1:0' }], routes }, { clock })
  const [listener] = await gateway.listen()
  const run = (): Promise<void> => runTests([{ tests }], fetch, false, listener?.url ?? '', tests.length)
  await inVirtualTime(clock, run, () => tests.length - Object.keys(getResults()).length)
  const closed = gateway.close(0)
  await clock.advance(1_000)
  await closed
  origin.close()
  return getResults()
}
