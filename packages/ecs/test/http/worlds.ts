import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { createWorld } from 'koota'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import {
  type EcsPort,
  type EventKind,
  HttpClientPool,
  httpPlugin,
  type HttpPluginOptions,
  HttpRequestCancelled,
  HttpRequestFailed,
  HttpRequests,
  HttpResponseReceived,
  World,
} from '../../src/index.ts'
import { kootaPort } from '../../src/koota/index.ts'

/** An HTTP server on this machine that ends with the test; resolves with its origin, as `http://127.0.0.1:1234`. */
export async function originOf(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on TCP
}

/** The worlds that HTTP is tested in. */
export const WORLDS: readonly { readonly name: string; readonly make: (t: TestContext) => EcsPort }[] = [
  { name: 'world', make: () => new World() },
  {
    name: 'koota',
    make: (t) => {
      const world = createWorld()
      t.after(() => world.destroy())
      return kootaPort(world)
    },
  },
]

/** A world with HTTP, which ends with the test. Origins are on this machine, so that no guard is there unless the test has one. */
export function withHttp<Port extends EcsPort>(
  t: TestContext,
  port: Port,
  { client, budget, ...options }: HttpPluginOptions = {},
): Port {
  // A busy machine is no reason for a tick to do less, but where that is what is tested.
  const patient = { time: Infinity, ...budget }
  port.addPlugin(httpPlugin({ client: { guard: false, ...client }, budget: patient, ...options }))
  t.after(() => port.resource(HttpClientPool).close(0))
  return port
}

/** Ticks until something holds. */
export function tickUntil(port: EcsPort, holds: () => boolean, what: string): Promise<boolean> {
  return eventually(() => {
    port.tick()
    return holds()
  }, what)
}

/** Ticks until every request has ended. */
export function tickUntilIdle(port: EcsPort): Promise<boolean> {
  return tickUntil(port, () => port.resource(HttpRequests).size === 0, 'every request has ended')
}

/** All events of a kind from now on. */
export function heard<Value>(port: EcsPort, kind: EventKind<Value>): Value[] {
  const events: Value[] = []
  port.events(kind).observe((event) => void events.push(event))
  return events
}

/** The ends of requests from now on, as `response 3`, in their order. */
export function endsOf(port: EcsPort): string[] {
  const ends: string[] = []
  for (const [name, kind] of [
    ['response', HttpResponseReceived],
    ['error', HttpRequestFailed],
    ['cancelled', HttpRequestCancelled],
  ] as const)
    port.events(kind).observe(({ id }) => void ends.push(`${name} ${id}`))
  return ends
}
