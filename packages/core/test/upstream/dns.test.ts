import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TrafficError } from '../../src/message/errors.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { type ResolvedAddress, Resolver, type ResolverOptions } from '../../src/upstream/connect/dns.ts'

/** A name server that answers what is set, and remembers what it was asked. */
class NameServer {
  readonly asked: string[] = []
  reply: () => Promise<readonly ResolvedAddress[]> = () => Promise.resolve([at('10.0.0.1')])

  readonly lookup = (name: string): Promise<readonly ResolvedAddress[]> => {
    this.asked.push(name)
    return this.reply()
  }
}

function at(address: string): ResolvedAddress {
  return { address, family: address.includes(':') ? 6 : 4 }
}

function setUp(options: Partial<ResolverOptions> = {}): {
  clock: VirtualClock
  server: NameServer
  resolver: Resolver
} {
  const clock = new VirtualClock()
  const server = new NameServer()
  return { clock, server, resolver: new Resolver({ clock, lookup: server.lookup, ...options }) }
}

function notFound(): Promise<never> {
  return Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND api.example'), { code: 'ENOTFOUND' }))
}

test('an answer is used for its time to live, then asked for again', async () => {
  const { clock, server, resolver } = setUp()
  assert.deepEqual(await resolver.resolve('api.example'), [at('10.0.0.1')])
  server.reply = () => Promise.resolve([at('10.0.0.2')])
  await clock.advance(29_999)
  assert.deepEqual(await resolver.resolve('api.example'), [at('10.0.0.1')])
  assert.equal(server.asked.length, 1)
  await clock.advance(1)
  assert.deepEqual(await resolver.resolve('api.example'), [at('10.0.0.2')])
  assert.equal(server.asked.length, 2)
})

test('those who ask for a name at the same time share one question', async () => {
  const { server, resolver } = setUp()
  const answers = await Promise.all([1, 2, 3].map(() => resolver.resolve('api.example')))
  assert.equal(server.asked.length, 1)
  assert.deepEqual(answers, [[at('10.0.0.1')], [at('10.0.0.1')], [at('10.0.0.1')]])
})

test('an address is its own answer, and nobody is asked', async () => {
  const { server, resolver } = setUp()
  assert.deepEqual(await resolver.resolve('127.0.0.1'), [at('127.0.0.1')])
  assert.deepEqual(await resolver.resolve('::1'), [at('::1')])
  assert.deepEqual(server.asked, [])
})

test('an old answer stands in while a refresh fails, for five minutes', async () => {
  const { clock, server, resolver } = setUp()
  await resolver.resolve('api.example')
  server.reply = notFound
  await clock.advance(30_000 + 299_999)
  assert.deepEqual(await resolver.resolve('api.example'), [at('10.0.0.1')])
  await clock.advance(1_001)
  await assert.rejects(resolver.resolve('api.example'), { code: 'dns_failed' })
})

test('while an old answer stands in, the name is asked for once a second at most', async () => {
  const { clock, server, resolver } = setUp()
  await resolver.resolve('api.example')
  server.reply = notFound
  await clock.advance(30_000)
  for (let time = 0; time < 5_000; time += 100) {
    await resolver.resolve('api.example')
    await clock.advance(100)
  }
  assert.equal(server.asked.length, 1 + 5)
})

test('an old answer stands in when a refresh does not come within 1.8 s, and the refresh still counts', async () => {
  const { clock, server, resolver } = setUp()
  await resolver.resolve('api.example')
  let answer: (addresses: readonly ResolvedAddress[]) => void = () => assert.fail()
  server.reply = () => new Promise((resolve) => (answer = resolve))
  await clock.advance(30_000)
  let got: readonly ResolvedAddress[] | undefined
  void resolver.resolve('api.example').then((addresses) => (got = addresses))
  await clock.advance(1_799)
  assert.equal(got, undefined)
  await clock.advance(1)
  assert.deepEqual(got, [at('10.0.0.1')])
  answer([at('10.0.0.9')])
  await clock.advance(0)
  assert.deepEqual(await resolver.resolve('api.example'), [at('10.0.0.9')])
  assert.equal(server.asked.length, 2)
})

test('a failure is a TrafficError that names the host and the reason, and is not asked about again for a second', async () => {
  const { clock, server, resolver } = setUp()
  server.reply = notFound
  const failures: TrafficError[] = []
  for (let attempt = 0; attempt < 3; attempt++) {
    await resolver.resolve('api.example').catch((error: TrafficError) => failures.push(error))
    await clock.advance(400)
  }
  assert.equal(server.asked.length, 1)
  const [first, second] = failures
  assert.ok(first instanceof TrafficError && second instanceof TrafficError)
  assert.notEqual(first, second, 'an error belongs to one exchange')
  assert.equal(first.code, 'dns_failed')
  assert.equal(first.phase, 'dns')
  assert.equal(first.replaySafe, 'unsent')
  assert.match(
    first.message,
    /^api\.example was not resolved: the name does not exist; check its spelling \(ENOTFOUND\)$/,
  )
  assert.equal((first.cause as { code?: string }).code, 'ENOTFOUND')
  server.reply = () => Promise.resolve([at('10.0.0.1')])
  assert.deepEqual(await resolver.resolve('api.example'), [at('10.0.0.1')])
})

test('those who share a question that fails get an error each', async () => {
  const { server, resolver } = setUp()
  server.reply = notFound
  const failures: unknown[] = []
  const ask = (): Promise<unknown> =>
    resolver.resolve('api.example').catch((error: unknown) => failures.push(error))
  await Promise.all([ask(), ask()])
  assert.equal(server.asked.length, 1)
  assert.equal(new Set(failures).size, 2)
})

test('an answer without an address is a failure', async () => {
  const { server, resolver } = setUp()
  server.reply = () => Promise.resolve([])
  await assert.rejects(
    resolver.resolve('api.example'),
    /api\.example was not resolved: the answer holds no address/,
  )
})

test('the number of names is bounded: the one asked for longest ago is forgotten', async () => {
  const { server, resolver } = setUp({ maxNames: 2 })
  for (const name of ['a.example', 'b.example', 'c.example']) await resolver.resolve(name)
  assert.equal(resolver.size, 2)
  await resolver.resolve('c.example')
  await resolver.resolve('b.example')
  assert.equal(server.asked.length, 3)
  await resolver.resolve('a.example')
  assert.equal(server.asked.length, 4)
})

test("the system's resolver is asked by default, so that /etc/hosts counts", async () => {
  const resolver = new Resolver({ clock: new VirtualClock() })
  const addresses = await resolver.resolve('localhost')
  assert.ok(addresses.some(({ address }) => address === '127.0.0.1' || address === '::1'))
})
