import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { MetricRegistry, systemClock } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import type { GatewayConfig } from '../../src/config/schema/schema.ts'
import { endpointLines } from '../../src/cli/explain-lines.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { createGateway } from '../../src/embedding/create-gateway.ts'
import { Discovery } from '../../src/discovery/discovery.ts'
import { DnsSource } from '../../src/discovery/dns-lookups.ts'
import { type FoundEndpoint, listEndpoints } from '../../src/discovery/listed-endpoint.ts'
import { makeCertificate } from '../../../core/test/certificates.ts'
import { upstreamConnections } from '../../src/workers/descriptors.ts'
import { becomes } from '../becomes.ts'
import { folder } from '../headgate-process.ts'
import { startNamed } from './named-services.ts'

const { names, port } = await startNamed(['127.0.0.2', '127.0.0.3'])

function input(endpoints: unknown[], more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    listeners: [{ address: '127.0.0.1:0' }],
    discovery: { dns: { resolvers: [names.address], minInterval: '20ms', timeout: '2s' } },
    upstreams: { orders: { endpoints } },
    routes: [{ upstream: 'orders' }],
    ...more,
  }
}

function config(endpoints: unknown[]): GatewayConfig {
  const result = parseConfig(input(endpoints))
  assert.ok(result.ok, JSON.stringify(result))
  return result.config
}

describe('when DNS is asked again', () => {
  /** Answers with these times to live, one after the other; undefined is a failure. */
  async function askedAt(...ttls: (number | undefined)[]): Promise<number[]> {
    const clock = new VirtualClock()
    const at: number[] = []
    const source = new DnsSource(
      () => {
        const ttl = ttls[at.length]
        at.push(clock.now())
        return ttl === undefined
          ? Promise.reject(new Error('scripted'))
          : Promise.resolve({ endpoints: [{ url: 'http://a' }], ttl })
      },
      { clock, minInterval: 1_000, maxInterval: 300_000 },
    )
    const stop = source.watch({ found: () => {}, failed: () => {} })
    while (at.length <= ttls.length) await clock.advance(100)
    stop()
    assert.equal(clock.pending, 0)
    return at.slice(1).map((time, index) => time - (at[index] ?? 0))
  }

  const within = (wait: number | undefined, least: number): void =>
    assert.ok(
      wait !== undefined && wait >= least && wait <= least * 1.1 + 200,
      `${wait} is not about ${least}`,
    )

  it('is when the answer has expired, within the limits', async () => {
    const [soon, later, never] = await askedAt(0, 30, Infinity)
    within(soon, 1_000)
    within(later, 30_000)
    within(never, 300_000)
  })

  it('is soon after a failure, and later and later with each', async () => {
    const waits = await askedAt(60, undefined, undefined, undefined, undefined, undefined, undefined, 60)
    for (const [index, least] of [60_000, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 60_000].entries()) {
      within(waits[index], least)
    }
  })
})

describe('all sources of a gateway', () => {
  it('are watched once, however many upstreams name them, until none does', async () => {
    names.names.set('one.internal', { A: ['127.0.0.2'], ttl: 60 })
    const said: string[] = []
    const discovery = new Discovery({
      clock: systemClock,
      metrics: new MetricRegistry(),
      report: (message) => said.push(message),
      changed: () => {},
    })
    const wanted = config([
      { dns: `one.internal:${port}` },
      { dns: `one.internal:${port}`, weight: 2 },
      { srv: '_http._tcp.none.internal' },
    ])
    names.asked.length = 0
    await discovery.ready(wanted)
    const [endpoint] = wanted.upstreams['orders']?.endpoints ?? []
    assert.equal(discovery.found(endpoint ?? assert.fail(), wanted.discovery).length, 1)
    assert.equal(names.asked.filter((each) => each === 'A one.internal').length, 1)
    assert.match(
      said.join(),
      /^discovery by srv:_http._tcp.none.internal fails, and it has found no endpoint yet: there is no such name/,
    )
    discovery.follow(config([{ url: 'http://127.0.0.1:1' }]))
    assert.equal(discovery.found(endpoint ?? assert.fail(), wanted.discovery).length, 0)
    discovery.stop()
  })
})

describe('the list of an upstream', () => {
  const listed = (settings: unknown[], ...found: FoundEndpoint[]): string[] =>
    listEndpoints(config(settings).upstreams['orders']?.endpoints ?? [], () => found).map(
      ({ url, address = '', weight, priority, zone = '', source }) =>
        [url, address, weight, priority, zone, source].join(' ').replaceAll(/ +/g, ' '),
    )

  it('holds what is configured and what is found, each place once', () => {
    const url = 'http://orders.internal:9001'
    assert.deepEqual(
      listed(
        [
          { url: 'http://127.0.0.2:9001', weight: 5 },
          { dns: 'orders.internal:9001', weight: 3, zone: 'a', priority: 1 },
        ],
        { url, address: '127.0.0.2' },
        { url, address: '127.0.0.3' },
        { url, address: '::1' },
      ),
      ['http://127.0.0.2:9001 5 0 configured', `${url} 127.0.0.3 3 1 a dns`, `${url} ::1 3 1 a dns`],
    )
  })

  it('has weights and priorities of the source where it tells them, the priority behind that of the setting', () => {
    const found = { url: 'http://orders.internal:1', address: '127.0.0.2', weight: 7, priority: 2 }
    assert.deepEqual(listed([{ srv: '_http._tcp.orders.internal', priority: 98 }], found), [
      'http://orders.internal:1 127.0.0.2 7 99 srv',
    ])
  })
})

describe('endpoints that are not known yet', () => {
  const wanted = config([
    { dns: 'orders.internal:80' },
    { srv: '_http._tcp.a' },
    { url: 'http://127.0.0.1:1' },
  ])
  const found = (count: number): FoundEndpoint[] => Array.from({ length: count }, () => ({ url: 'http://a' }))

  it('are some to those who keep file descriptors for them, and as many as there are once they are known', () => {
    assert.equal(upstreamConnections(wanted, { found: () => [] }), (4 + 4 + 1) * 1024)
    assert.equal(upstreamConnections(wanted, { found: ({ dns }) => found(dns ? 9 : 0) }), (9 + 4 + 1) * 1024)
  })

  it('are explained as such', () => {
    assert.deepEqual(endpointLines(wanted.upstreams['orders']?.endpoints ?? [], undefined), [
      'the addresses of orders.internal:80, found by DNS while the gateway runs (weight 1)',
      'the targets of _http._tcp.a, found by DNS while the gateway runs (weights of the records)',
      'http://127.0.0.1:1 (weight 1)',
    ])
  })
})

describe('an embedded gateway', () => {
  it('finds endpoints by itself', async () => {
    names.names.set('embedded.internal', { A: ['127.0.0.2'], ttl: 0 })
    const gateway = await createGateway(
      input([{ dns: `embedded.internal:${port}` }]) as unknown as Parameters<typeof createGateway>[0],
    )
    after(() => gateway.close(0))
    const [listener] = await gateway.listen()
    const ask = async (): Promise<string> => (await fetch(`${listener?.url}/`)).text()
    assert.equal(await ask(), '127.0.0.2')
    names.names.set('embedded.internal', { A: ['127.0.0.3'], ttl: 0 })
    assert.equal(await becomes(ask, '127.0.0.3'), '127.0.0.3')
    names.names.set('embedded.internal', 'silent')
    assert.equal(await ask(), '127.0.0.3')
  })
})

describe('endpoints of https that DNS tells', () => {
  it('are asked for under the name that is written, whose certificate they must have', async () => {
    const { cert, key } = makeCertificate({ names: ['orders.internal'] })
    const server = createServer({ cert, key }, ({ headers, socket }, response) => {
      response.end(`${headers.host} ${(socket as TLSSocket).servername}`)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    after(() => server.close())
    const { port: secure } = server.address() as AddressInfo
    names.names.set('orders.internal', { A: ['127.0.0.1'], ttl: 60 })
    names.names.set('other.internal', { A: ['127.0.0.1'], ttl: 60 })
    const target = { target: 'node1.cluster.internal', port: secure }
    names.names.set('_http._tcp.orders.internal', {
      SRV: [target],
      additional: { 'node1.cluster.internal': ['127.0.0.1'] },
    })
    const ca = join(folder({ 'ca.pem': cert }), 'ca.pem')
    const ask = async (endpoint: Record<string, string>): Promise<string> => {
      const upstreams = { orders: { endpoints: [{ ...endpoint, scheme: 'https' }], tls: { ca } } }
      const routes = [{ upstream: 'orders', preserveHost: false }]
      const gateway = await createGateway(
        input([], { upstreams, routes }) as unknown as Parameters<typeof createGateway>[0],
      )
      const [listener] = await gateway.listen()
      const response = await fetch(`${listener?.url}/`)
      const text = await response.text()
      await gateway.close(0)
      return response.status === 200 ? text : `${response.status}`
    }
    assert.equal(await ask({ dns: `orders.internal:${secure}` }), `orders.internal:${secure} orders.internal`)
    assert.equal(
      await ask({ srv: '_http._tcp.orders.internal' }),
      `orders.internal:${secure} orders.internal`,
    )
    assert.equal(await ask({ dns: `other.internal:${secure}` }), '502')
  })
})

describe('a configuration with endpoints that DNS tells', () => {
  const mistakes = (endpoint: unknown, dns?: unknown): string[] => {
    const result = parseConfig(input([endpoint], dns === undefined ? {} : { discovery: { dns } }))
    return result.ok
      ? []
      : result.problems.map(({ path, message, hint = '' }) => `${path}: ${message} ${hint}`.trim())
  }

  for (const [endpoint, mistake] of [
    [{}, 'upstreams.orders.endpoints[0]: does not say where the endpoint is'],
    [
      { url: 'http://a', dns: 'a:1' },
      'upstreams.orders.endpoints[0].dns: stands beside "url": an endpoint has one of them',
    ],
    [
      { url: 'http://a', scheme: 'https' },
      'upstreams.orders.endpoints[0].scheme: is without effect: the URL has one',
    ],
    [
      { srv: '_http._tcp.a', weight: 2 },
      'upstreams.orders.endpoints[0].weight: is without effect: the records of the service have their own',
    ],
    [
      { dns: '10.0.0.7:80' },
      'upstreams.orders.endpoints[0].dns: "10.0.0.7:80" is an address, and no name to look up write url: "http://10.0.0.7:80"',
    ],
    [
      { dns: 'http://a:80' },
      'upstreams.orders.endpoints[0].dns: "http://a:80" is a URL did you mean "a:80"? The setting "scheme" says how it is spoken to',
    ],
    [{ dns: 'a:0' }, 'upstreams.orders.endpoints[0].dns: "a:0" has no port from 1 to 65535'],
    [{ dns: 'A b' }, 'upstreams.orders.endpoints[0].dns: "A b" is not a name'],
    [
      { srv: 'orders.internal' },
      'upstreams.orders.endpoints[0].srv: "orders.internal" is not the name of a service',
    ],
  ] as const) {
    it(`${JSON.stringify(endpoint)} is refused`, () => assert.deepEqual(mistakes(endpoint), [mistake]))
  }

  it('says which name servers and intervals it can use', () => {
    const dns = { dns: 'a:1' }
    assert.deepEqual(mistakes(dns, { resolvers: ['dns.internal'] }), [
      'discovery.dns.resolvers[0]: "dns.internal" is not the address of a name server',
    ])
    assert.deepEqual(mistakes(dns, { resolvers: ['10.0.0.2', '[::1]:5353', '::1', '127.0.0.1:5353'] }), [])
    assert.deepEqual(mistakes(dns, { minInterval: '10m' }), [
      'discovery.dns.minInterval: "10m" is longer than "maxInterval"',
    ])
  })
})
