import assert from 'node:assert/strict'
import { connect as connectSocket, type NetConnectOpts, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { problemResponse } from '../../src/policies/problem.ts'
import { isReplayable } from '../../src/policies/retry/retry-decision.ts'
import { ScriptedPeer } from '../../src/testing/scripted-peer.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { connect, type ConnectOptions } from '../../src/upstream/connect/connect.ts'
import { Resolver } from '../../src/upstream/connect/dns.ts'
import { AddressGuard, type AddressGuardOptions } from '../../src/upstream/guard/guard.ts'
import { Upstream } from '../../src/upstream/upstream.ts'
import { serveNames, type Zone } from './name-server.ts'

const PUBLIC = '93.184.216.34'

interface Rebinding {
  readonly clock: VirtualClock
  readonly options: ConnectOptions
  /** What is on this machine and must not be reached. */
  readonly inside: ScriptedPeer
  /** The addresses for which a connection was begun; every one of them leads to `inside`, and none off this machine. */
  readonly dialled: string[]
  readonly asked: readonly string[]
}

async function setUp(t: TestContext, zone: Zone, guard: AddressGuardOptions = {}): Promise<Rebinding> {
  const inside = await ScriptedPeer.listen()
  t.after(() => inside.close())
  const names = await serveNames(t, zone)
  const clock = new VirtualClock()
  const dialled: string[] = []
  const dial = (place: NetConnectOpts): Socket => {
    const { host = '' } = place as { host?: string }
    dialled.push(host)
    return connectSocket({ ...place, host: host.startsWith('127.') ? host : '127.0.0.1', port: inside.port })
  }
  const resolver = new Resolver({ clock, servers: [names.address] })
  const options = { clock, resolver, timeout: 5_000, guard: new AddressGuard(guard), dial }
  return { clock, options, inside, dialled, asked: names.asked }
}

async function failure(attempt: Promise<Socket>): Promise<TrafficError> {
  const outcome = await attempt.catch((error: unknown) => error)
  assert.ok(outcome instanceof TrafficError, 'it must fail with a TrafficError')
  return outcome
}

const TARGET = { kind: 'tcp', host: 'rebind.example', port: 80 } as const

test('a name is asked for once, and the connection leads to the very answer that was judged', async (t) => {
  // From the second question on, it is this machine: what a check that asks by itself would leave to node:net to find.
  const { options, dialled, asked } = await setUp(t, (_, type, question) => {
    if (type === 'AAAA') return []
    return [question === 1 ? PUBLIC : '127.0.0.1']
  })
  const error = await failure(connect(TARGET, options))
  assert.deepEqual(dialled, [PUBLIC])
  assert.deepEqual(asked, ['rebind.example'])
  // Here it was led astray on purpose, and the look at the socket's peer found that out.
  assert.equal(error.code, 'address_refused')
  assert.match(error.message, /leads to 127\.0\.0\.1, which was not checked/)
})

test('when it is asked again and has changed, nothing is dialled', async (t) => {
  const { clock, options, dialled } = await setUp(t, (_, type, question) => {
    if (type === 'AAAA') return []
    return [question === 1 ? PUBLIC : '127.0.0.1']
  })
  await failure(connect(TARGET, options))
  await clock.advance(30_001)
  const error = await failure(connect(TARGET, options))
  assert.match(
    error.message,
    /^the address guard refused rebind\.example: it resolves to 127\.0\.0\.1: that is this machine/,
  )
  assert.deepEqual(dialled, [PUBLIC])
})

test('one answer of several that is not public, in either family, refuses the host', async (t) => {
  for (const zone of [
    (_: string, type: 'A' | 'AAAA') => (type === 'A' ? [PUBLIC, '10.0.0.1'] : []),
    (_: string, type: 'A' | 'AAAA') => (type === 'A' ? [PUBLIC] : ['0:0:0:0:0:0:0:1']),
    (_: string, type: 'A' | 'AAAA') => (type === 'A' ? [] : ['0:0:0:0:0:ffff:a9fe:a9fe']),
  ]) {
    const { options, dialled, inside } = await setUp(t, zone)
    assert.equal((await failure(connect(TARGET, options))).code, 'address_refused')
    assert.deepEqual([dialled, inside.connections.length], [[], 0])
  }
})

test('a name server that fails lets nothing through', async (t) => {
  for (const code of [2, 3, 5]) {
    const { options, dialled } = await setUp(t, () => code)
    const error = await failure(connect(TARGET, options))
    assert.deepEqual([error.code, dialled], ['dns_failed', []])
  }
})

test('an address in the URL is dialled in the one form in which it was judged, and nobody is asked', async (t) => {
  const { options, dialled, asked } = await setUp(t, () => 3)
  for (const host of ['0x5d.0xb8d822', '1572395042', '::ffff:93.184.216.34']) {
    await failure(connect({ kind: 'tcp', host, port: 80 }, options))
  }
  assert.deepEqual(dialled, [PUBLIC, PUBLIC, '0:0:0:0:0:ffff:5db8:d822'])
  assert.deepEqual(asked, [])
  for (const host of ['0x7f.1', '[::1]', 'localhost', '%6cocalhost']) {
    assert.equal((await failure(connect({ kind: 'tcp', host, port: 80 }, options))).code, 'address_refused')
  }
  assert.equal(
    (await failure(connect({ kind: 'tcp', host: '8.8.8.8', port: 22 }, options))).code,
    'address_refused',
  )
  assert.equal(
    (await failure(connect({ kind: 'unix', path: '/run/a.sock' }, options))).code,
    'address_refused',
  )
  assert.deepEqual([dialled.length, asked], [3, []])
})

test('what is allowed is connected to', async (t) => {
  const { options, inside } = await setUp(t, (_, type) => (type === 'A' ? ['127.0.0.1'] : []), {
    allowHosts: ['*.example'],
  })
  const socket = await connect(TARGET, options)
  t.after(() => socket.destroy())
  socket.write('hello')
  await (await inside.accept()).receives('hello')
})

test('an upstream with a guard refuses, is not tried again, and tells a downstream peer nothing', async (t) => {
  const peer = await ScriptedPeer.listen()
  t.after(() => peer.close())
  const clock = new VirtualClock()
  const upstream = new Upstream({
    name: 'guarded',
    endpoints: [{ url: peer.url }],
    clock,
    guard: new AddressGuard({ ports: [peer.port] }),
  })
  t.after(() => upstream.destroy())
  const exchange = new Exchange(HttpRequest.to('http://shop.example/'), clock)
  const outcome = await upstream.handler(exchange).catch((error: unknown) => error)
  assert.ok(outcome instanceof TrafficError)
  assert.deepEqual(
    [outcome.code, outcome.phase, outcome.replaySafe, outcome.bytesSent],
    ['address_refused', 'connect', 'unsent', 0],
  )
  assert.equal(isReplayable(exchange, outcome), false)
  const response = problemResponse(outcome, exchange)
  assert.equal(response.status, 403)
  assert.doesNotMatch(response.body.whole?.latin1 ?? '', /127|guard|loopback/)
  assert.equal(peer.connections.length, 0)
})

test('the servers of a resolver must be addresses', () => {
  assert.throws(() => new Resolver({ clock: new VirtualClock(), servers: ['dns.example'] }), {
    name: 'TypeError',
    message: /^servers: \["dns\.example"\] must be addresses/,
  })
})

test('a resolver that asks given servers takes both families, and either alone', async (t) => {
  const names = await serveNames(t, (name, type) => {
    if (name === 'both.example') return type === 'A' ? ['192.0.2.1'] : ['2001:db8:0:0:0:0:0:1']
    return type === 'A' ? ['192.0.2.2', '192.0.2.3'] : 2
  })
  const resolver = new Resolver({ clock: new VirtualClock(), servers: [names.address] })
  assert.deepEqual(await resolver.resolve('both.example'), [
    { address: '2001:db8::1', family: 6 },
    { address: '192.0.2.1', family: 4 },
  ])
  assert.equal((await resolver.resolve('four.example')).length, 2)
})
