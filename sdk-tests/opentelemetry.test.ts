import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { context, propagation, type Context, type ContextManager, ROOT_CONTEXT } from '@opentelemetry/api'
import { createClient } from '../packages/client/src/index.ts'

/** What the instrumentation for Node's own fetch makes of a client's calls, and of the platform's. */
const exporter = new InMemorySpanExporter()
const instrumentation = new UndiciInstrumentation()
const seen: IncomingHttpHeaders[] = []
const server = createServer(({ headers, url }, response) => {
  seen.push(headers)
  response.statusCode = url === '/missing' ? 404 : 200
  response.end('content')
})
const client = createClient({ preset: 'fetch', tracing: false })
let origin = ''
/** Of a port at which nobody listens any more. */
let unreachable = ''

class Storage implements ContextManager {
  private readonly storage = new AsyncLocalStorage<Context>()
  active = (): Context => this.storage.getStore() ?? ROOT_CONTEXT
  with: ContextManager['with'] = (active, work, self, ...args) =>
    this.storage.run(active, () => work.call(self as ThisParameterType<typeof work>, ...args))
  bind: ContextManager['bind'] = (_context, target) => target
  enable = (): this => this
  disable = (): this => this
}

before(async () => {
  context.setGlobalContextManager(new Storage())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  instrumentation.setTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  )
  instrumentation.enable()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const gone = createServer().listen(0, '127.0.0.1')
  await once(gone, 'listening')
  unreachable = `http://127.0.0.1:${(gone.address() as AddressInfo).port}/`
  gone.close()
  await once(gone, 'close')
})
after(async () => {
  instrumentation.disable()
  await client.close({ grace: 0 })
  server.closeAllConnections()
  server.close()
})

async function spanOf(fetch: typeof globalThis.fetch, url: string): Promise<Record<string, unknown>> {
  exporter.reset()
  await fetch(url).then(
    (response) => response.text(),
    () => undefined,
  )
  await new Promise((resolve) => setImmediate(resolve))
  const [span, ...more] = exporter.getFinishedSpans()
  assert.ok(span !== undefined && more.length === 0)
  const { name, kind, status, attributes } = span
  const { 'user_agent.original': _agent, 'error.type': type, ...rest } = attributes
  return { name, kind, code: status.code, failed: type !== undefined, ...rest }
}

for (const path of ['/users?a=1', '/missing', 'unreachable']) {
  test(`OpenTelemetry’s instrumentation of undici makes the same span of ${path} for both`, async () => {
    const url = path === 'unreachable' ? unreachable : origin + path
    const expected = await spanOf(globalThis.fetch, url)
    assert.deepEqual(await spanOf(client.fetch, url), expected)
    if (path === 'unreachable') return
    const { traceparent = '' } = seen.at(-1) ?? {}
    assert.match(traceparent as string, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  })
}
