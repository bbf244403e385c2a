import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { SupervisorEvent } from '../../src/workers/supervisor.ts'
import { type Misbehaviour, type Names, NameServer } from './name-server.ts'
import {
  answering,
  config,
  endpointsOf,
  eventually,
  get,
  metric,
  names,
  orders,
  port,
  supervise,
} from './supervised.ts'

describe('endpoints that DNS tells', { concurrency: false }, () => {
  it('are there when the gateway starts, come and go as DNS says, in all workers, and are counted', async () => {
    names.names.set('a.internal', { A: ['127.0.0.2', '127.0.0.3'], ttl: 0 })
    const { supervisor, url } = await supervise(orders('a.internal'))
    assert.equal(await answering(url), '127.0.0.2 127.0.0.3')
    names.names.set('a.internal', { A: ['127.0.0.3', '127.0.0.4'], ttl: 0 })
    await eventually(() => endpointsOf(supervisor).join(), `127.0.0.3:${port},127.0.0.4:${port}`)
    await eventually(() => answering(url), '127.0.0.3 127.0.0.4')
    const source = `{source="dns:a.internal:${port}"}`
    assert.equal(metric(supervisor, `headgate_discovery_endpoints${source}`), 2)
    assert.ok(metric(supervisor, `headgate_discovery_last_success_time_seconds${source}`) > 1e9)
    assert.equal(metric(supervisor, 'headgate_upstream_endpoints_added_total{upstream="orders"}'), 3)
    assert.equal(metric(supervisor, 'headgate_upstream_endpoints_removed_total{upstream="orders"}'), 1)
    // In the workers, of an endpoint that neither of them knew when it was born.
    const opened = `headgate_upstream_connections_opened_total{upstream="orders",endpoint="127.0.0.4:${port}"}`
    await eventually(() => metric(supervisor, opened) > 0, true)
  })

  it('stay while DNS fails, in whatever way, which is said once and counted', async () => {
    names.names.set('b.internal', { A: ['127.0.0.2'], ttl: 0 })
    const events: SupervisorEvent[] = []
    const { supervisor, url } = await supervise(orders('b.internal'), events)
    const failures = (): number =>
      metric(supervisor, `headgate_discovery_failures_total{source="dns:b.internal:${port}"}`)
    const failing: (Names | Misbehaviour)[] = [
      { code: 'SERVFAIL' },
      'silent',
      'garbage',
      {},
      { code: 'NXDOMAIN' },
    ]
    for (const answer of failing) {
      const before = failures()
      names.names.set('b.internal', answer)
      await eventually(() => failures() > before, true)
      assert.equal(await answering(url), '127.0.0.2')
    }
    const said = (): string[] =>
      events.flatMap((each) =>
        each.type === 'notice' && each.message.includes('discovery') ? [each.message] : [],
      )
    assert.equal(said().length, 1, said().join('\n'))
    assert.match(
      said()[0] ?? '',
      /^discovery by dns:b\.internal:\d+ fails, and the 1 found last are kept: .*SERVFAIL/,
    )
    names.names.set('b.internal', { A: ['127.0.0.3'], ttl: 0 })
    await eventually(() => answering(url), '127.0.0.3')
    assert.equal(said().length, 2)
  })

  it('may be none when the gateway starts: 503, until there is one', async () => {
    names.names.set('c.internal', { code: 'NXDOMAIN' })
    const { url } = await supervise(orders('c.internal'))
    assert.equal(await answering(url), '503')
    names.names.set('c.internal', { A: ['127.0.0.2'], ttl: 0 })
    await eventually(() => answering(url), '127.0.0.2')
  })

  it('vanish under load without an error that a client sees', async () => {
    names.names.set('d.internal', { A: ['127.0.0.2', '127.0.0.3', '127.0.0.4'], ttl: 0 })
    const { supervisor, url } = await supervise(orders('d.internal'))
    const load = { isOver: false }
    const answers = new Map<string, number>()
    let total = 0
    const clients = Array.from({ length: 8 }, async () => {
      while (!load.isOver || total < 200) {
        total++
        const answer = await fetch(url).then((response) =>
          response.text().then((body) => `${response.status} ${body}`),
        )
        answers.set(answer, (answers.get(answer) ?? 0) + 1)
      }
    })
    for (const left of [
      ['127.0.0.2'],
      ['127.0.0.3'],
      ['127.0.0.2', '127.0.0.3', '127.0.0.4'],
      ['127.0.0.4'],
    ]) {
      names.names.set('d.internal', { A: left, ttl: 0 })
      await eventually(() => endpointsOf(supervisor).join(), left.map((each) => `${each}:${port}`).join())
    }
    load.isOver = true
    await Promise.all(clients)
    assert.deepEqual(
      [...answers.keys()].filter((answer) => !answer.startsWith('200 ')),
      [],
    )
  })

  it('share marks, weights and health between threads, also those that came later', async () => {
    names.names.set('e.internal', { A: ['127.0.0.2'], ttl: 0 })
    const { supervisor, url } = await supervise(orders('e.internal'))
    names.names.set('e.internal', { A: ['127.0.0.3', '127.0.0.4'], ttl: 0 })
    await eventually(() => answering(url), '127.0.0.3 127.0.0.4')
    supervisor.upstreams.get('orders')?.upstream.endpointNamed(`127.0.0.4:${port}`)?.mark('down')
    assert.equal(await answering(url), '127.0.0.3')
    // The slot of the first is free by now: who gets it must not get its mark.
    supervisor.upstreams.get('orders')?.upstream.endpointNamed(`127.0.0.3:${port}`)?.mark('draining')
    names.names.set('e.internal', { A: ['127.0.0.2', '127.0.0.4'], ttl: 0 })
    await eventually(() => answering(url), '127.0.0.2')
  })

  it('are known to a worker that takes the place of one that crashed', async () => {
    names.names.set('f.internal', { A: ['127.0.0.2'], ttl: 0 })
    const { supervisor, url } = await supervise({ ...orders('f.internal'), workers: 1 })
    names.names.set('f.internal', { A: ['127.0.0.3'], ttl: 0 })
    await eventually(() => answering(url), '127.0.0.3')
    names.names.set('f.internal', 'silent')
    supervisor.slots[0]?.terminate()
    await eventually(() => get(url).catch(() => 'gone'), '127.0.0.3')
  })

  it('stay across a reload that changes other things, and follow one that changes the name servers', async () => {
    names.names.set('g.internal', { A: ['127.0.0.2'], ttl: 0 })
    const { supervisor, url } = await supervise(orders('g.internal'))
    const { upstream } = supervisor.upstreams.get('orders') ?? assert.fail()
    const [endpoint] = upstream.endpoints
    await supervisor.apply(
      config({ ...orders('g.internal'), routes: [{ upstream: 'orders', timeout: '3s' }] }),
    )
    assert.equal(supervisor.upstreams.get('orders')?.upstream.endpoints[0], endpoint)
    names.names.set('refused.internal', { A: ['127.0.0.2'], ttl: 0 })
    const refused = { ...orders('refused.internal'), listeners: [{ address: `127.0.0.2:${port}` }] }
    await assert.rejects(supervisor.apply(config(refused)))
    const asked = (name: string): number => names.asked.filter((each) => each === `A ${name}`).length
    const [before, present] = [asked('refused.internal'), asked('g.internal')]
    assert.ok(before > 0, 'it was looked for')
    await eventually(() => asked('g.internal') > present + 5, true)
    assert.ok(asked('refused.internal') <= before + 2, 'and is no more')
    const others = await NameServer.start()
    after(() => others.stop())
    others.names.set('g.internal', 'silent')
    const elsewhere = { dns: { resolvers: [others.address], minInterval: '50ms', timeout: '100ms' } }
    await supervisor.apply(config({ ...orders('g.internal'), discovery: elsewhere }))
    assert.equal(await answering(url), '127.0.0.2', 'the others have not answered yet')
    others.names.set('g.internal', { A: ['127.0.0.4'], ttl: 0 })
    await eventually(() => answering(url), '127.0.0.4')
    assert.equal(supervisor.upstreams.get('orders')?.upstream, upstream)
  })
})
