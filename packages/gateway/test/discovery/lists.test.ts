import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import type { UpstreamConfig } from '../../src/config/schema/upstream-schema.ts'
import { startOrigin } from '../origin.ts'
import {
  answering,
  config,
  endpointsOf,
  eventually,
  get,
  names,
  orders,
  port,
  supervise,
} from './supervised.ts'
import { poolReports } from '../../src/surveys/upstreams.ts'

describe('a reload that changes only the endpoints of an upstream', () => {
  it('keeps the upstream, and the connections to those that stay, and has the others come and go', async () => {
    const [kept, left, come] = [await counting('kept'), await counting('left'), await counting('come')]
    const routes = [{ upstream: 'orders' }]
    const upstreams = (...endpoints: { url: string; weight?: number }[]): Record<string, unknown> => ({
      upstreams: { orders: { endpoints: endpoints.map(({ url, weight = 1 }) => ({ url, weight })) } },
      routes,
    })
    const { supervisor, url } = await supervise({ ...upstreams(kept, left), workers: 1 })
    for (let count = 0; count < 4; count++) await get(url)
    const { upstream } = supervisor.upstreams.get('orders') ?? assert.fail()
    upstream.endpointNamed(kept.url.slice(7))?.mark('down')
    await supervisor.apply({ ...config({ ...upstreams({ ...kept, weight: 5 }, come), workers: 1 }) })
    assert.equal(supervisor.upstreams.get('orders')?.upstream, upstream)
    assert.deepEqual(
      upstream.endpoints.map(({ name, weight, marked }) => [name, weight, marked]),
      [
        [kept.url.slice(7), 5, 'down'],
        [come.url.slice(7), 1, 'up'],
      ],
    )
    assert.equal(await answering(url), 'come')
    upstream.endpointNamed(kept.url.slice(7))?.mark('up')
    assert.equal(await answering(url), 'come kept')
    assert.equal(kept.connections, 1, 'what it was asked over before is still open')
  })

  async function counting(name: string): Promise<{ url: string; connections: number }> {
    const origin = { url: '', connections: 0 }
    const sockets = new WeakSet<Socket>()
    const { url } = await startOrigin(({ socket }, response) => {
      if (!sockets.has(socket)) origin.connections++
      sockets.add(socket)
      response.end(name)
    })
    return Object.assign(origin, { url })
  }
})

describe('lists that change from all sides', () => {
  it('are the same in all workers in the end: DNS, calls, reloads and crashes at the same time', async () => {
    const addresses = ['127.0.0.2', '127.0.0.3', '127.0.0.4']
    names.names.set('r.internal', { A: addresses, ttl: 0 })
    const { supervisor, url } = await supervise(orders('r.internal'))
    const settings = (): UpstreamConfig => supervisor.config.upstreams['orders'] ?? assert.fail()
    const byHand = async (): Promise<void> => {
      for (let count = 0; count < 30; count++) {
        const one = `http://127.0.0.${2 + (count % 3)}:${port + 1 + (count % 2)}`
        await supervisor.changeEndpoints((lists) => {
          if (count % 4 === 3) lists.remove('orders', settings(), one.slice(7))
          else lists.set('orders', settings(), { url: one, weight: 1 + (count % 5), priority: 0 })
        })
      }
    }
    const byDns = async (): Promise<void> => {
      for (let count = 0; count < 30; count++) {
        const A = addresses.filter((_, index) => index !== count % 3)
        names.names.set('r.internal', count % 5 === 4 ? 'garbage' : { A, ttl: 0 })
        await new Promise((resolve) => setTimeout(resolve, 15))
      }
    }
    const byReload = async (): Promise<void> => {
      for (let count = 0; count < 8; count++) {
        const more = {
          balance: count % 2 === 0 ? 'random' : 'round-robin',
          slowStart: count % 3 === 0 ? '1s' : 0,
        }
        await supervisor.apply(config(orders('r.internal', more)))
      }
    }
    const byCrash = async (): Promise<void> => {
      for (let count = 0; count < 3; count++) {
        supervisor.slots[count % 2]?.terminate()
        await eventually(() => supervisor.slots[count % 2]?.state, 'listening')
      }
    }
    await Promise.all([byHand(), byDns(), byReload(), byCrash()])
    await supervisor.changeEndpoints((lists) => {
      for (const { name } of supervisor.upstreams.get('orders')?.upstream.endpoints ?? [])
        if (!name.endsWith(`:${port}`)) lists.remove('orders', settings(), name)
    })
    names.names.set('r.internal', { A: addresses, ttl: 0 })
    const wanted = addresses.map((address) => `${address}:${port}`).join()
    await eventually(() => endpointsOf(supervisor).join(), wanted)
    await eventually(
      async () => {
        const reports = await poolReports(supervisor)
        return reports
          .map((report) => (report.get('orders') ?? []).filter(({ status }) => status !== 'left'))
          .map((stats) => stats.map(({ endpoint, status }) => `${endpoint} ${status}`).join())
          .join(' | ')
      },
      Array(2)
        .fill(addresses.map((address) => `${address}:${port} up`).join())
        .join(' | '),
    )
    // Marks reach everybody still, and nobody else.
    supervisor.upstreams.get('orders')?.upstream.endpointNamed(`127.0.0.3:${port}`)?.mark('down')
    assert.equal(await answering(url), '127.0.0.2 127.0.0.4')
  })
})
