import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { headgate } from '../headgate-command.ts'
import { becomes } from '../becomes.ts'
import { startOrigin } from '../origin.ts'
import { configWith, startChanging } from '../versions/running-gateway.ts'
import { startNamed } from './named-services.ts'

const { names, port } = await startNamed(['127.0.0.2', '127.0.0.3'])

interface Shown {
  readonly endpoint: string
  readonly source: string
  readonly weight: number
}

describe('endpoints that are changed by admin calls', () => {
  it('come, change and go in all workers, and the record says so; a reload of the list is the last word', async () => {
    const [one, two] = [
      await startOrigin((_, response) => response.end('one')),
      await startOrigin((_, response) => response.end('two')),
    ]
    names.names.set('orders.internal', { A: ['127.0.0.2'], ttl: 60 })
    const dns = { dns: `orders.internal:${port}` }
    const config = (endpoints: unknown[], more: Record<string, unknown> = {}): Record<string, unknown> =>
      configWith({
        reload: { watch: false },
        discovery: { dns: { resolvers: [names.address] } },
        upstreams: { orders: { endpoints, ...more } },
        routes: [{ upstream: 'orders' }],
      })
    const gateway = await startChanging(config([{ url: one.url }, dns]))
    const answers = async (): Promise<string> => {
      const all = new Set<string>()
      for (let index = 0; index < 24; index++)
        all.add(await (await fetch(gateway.url, { headers: { connection: 'close' } })).text())
      return [...all].sort().join(' ')
    }
    const shown = async (): Promise<string> => {
      const { body } = await gateway.call('GET', '/upstreams/orders')
      const endpoints = body['endpoints'] as Shown[]
      return endpoints.map(({ endpoint, source, weight }) => `${endpoint} ${source} ${weight}`).join('; ')
    }
    const [first, second, found] = [one.url.slice(7), two.url.slice(7), `127.0.0.2:${port}`]
    const path = '/upstreams/orders/endpoints'
    assert.equal(await answers(), '127.0.0.2 one')
    assert.equal(await shown(), `${first} configured 1; ${found} dns 1`)

    const added = await gateway.call('POST', path, { body: { url: two.url } })
    assert.deepEqual([added.status, added.body['source']], [201, 'admin'])
    assert.equal(await answers(), '127.0.0.2 one two')
    const changed = await gateway.call('POST', path, {
      body: { url: two.url, weight: 3 },
      headers: { 'if-match': added.headers.get('etag') ?? '' },
    })
    assert.equal(changed.status, 200)
    const stale = { 'if-match': added.headers.get('etag') ?? '' }
    assert.equal((await gateway.call('DELETE', `${path}/${first}`, { headers: stale })).status, 412)
    assert.equal((await gateway.call('DELETE', `${path}/${first}`)).status, 200)
    assert.equal((await gateway.call('DELETE', `${path}/${encodeURIComponent(found)}`)).status, 200)
    assert.equal(await shown(), `${second} admin 3`)
    assert.equal(await answers(), 'two')
    assert.equal((await gateway.call('DELETE', `${path}/${second}`)).status, 409)
    assert.equal((await gateway.call('DELETE', `${path}/127.0.0.1:1`)).status, 404)
    assert.equal(
      (await gateway.call('POST', '/upstreams/none/endpoints', { body: { url: two.url } })).status,
      404,
    )
    for (const [body, mistake] of [
      [{ url: 'ftp://a' }, /url: "ftp:\/\/a" is not the URL of an upstream/],
      [{ url: two.url, weight: 0 }, /weight: 0 is too small/],
      [{ url: two.url, wait: 1 }, /wait/],
      [{ dns: 'orders.internal:80' }, /has a url/],
      [{}, /does not say where the endpoint is/],
    ] as const) {
      const refused = await gateway.call('POST', path, { body })
      assert.equal(refused.status, 422)
      assert.match(refused.body['detail'] as string, mistake)
    }
    await gateway.process.print(/"audit":"state","operation":"removeEndpoint"/)

    const listed = await headgate(['upstreams', '--admin', gateway.admin], { cwd: gateway.cwd })
    assert.match(listed.stdout, /SOURCE[^]*admin/, listed.stderr)

    // Another setting: what was set by hand stays.
    gateway.write(config([{ url: one.url }, dns], { balance: 'random' }))
    await gateway.call('POST', '/reload')
    assert.equal(await shown(), `${second} admin 3`)
    // Other endpoints: it goes.
    gateway.write(config([{ url: one.url, weight: 2 }, dns], { balance: 'random' }))
    const { body } = await gateway.call('POST', '/reload')
    assert.match(
      body['summary'] as string,
      /upstreams: 1 kept; endpoints of orders: 1 kept, 1 changed \(http/,
    )
    assert.equal(await shown(), `${first} configured 2; ${found} dns 1`)
    const last = await becomes(answers, '127.0.0.2 one')
    const { body: state } = await gateway.call('GET', '/upstreams/orders')
    assert.equal(last, '127.0.0.2 one', JSON.stringify(state))
  })
})
