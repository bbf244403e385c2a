import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { systemClock } from '@headgate/core'
import { DnsClient } from '../../src/discovery/dns-client.ts'
import { addressLookup, serviceLookup, standings } from '../../src/discovery/dns-lookups.ts'
import { decodeAnswer } from '../../src/discovery/dns-message.ts'
import { NameServer } from './name-server.ts'
import { cpuTimeOf } from '../../../../scripts/testing/cpu-time.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const names = await NameServer.start()
after(() => names.stop())

function client(servers: readonly string[] = [names.address], timeout = 200): DnsClient {
  return new DnsClient({ clock: systemClock, servers, timeout })
}

async function reasonOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => assert.fail('it has an answer'),
    (error: Error) => error.message,
  )
}

test('the addresses of a name are endpoints, IPv4 and IPv6, each once, for as long as the shortest time to live', async () => {
  names.names.set('orders.internal', { A: ['127.0.0.3', '127.0.0.2', '127.0.0.3'], AAAA: ['::1'], ttl: 7 })
  const { endpoints, ttl } = await addressLookup(client(), 'orders.internal', 9001, 'https')()
  const url = 'https://orders.internal:9001'
  assert.deepEqual(endpoints, [
    { url, address: '127.0.0.2' },
    { url, address: '127.0.0.3' },
    { url, address: '::1' },
  ])
  assert.equal(ttl, 7)
})

test('the targets of a service are endpoints with their ports, weights and priorities', async () => {
  names.names.set('_http._tcp.shop.internal', {
    SRV: [
      { target: 'a.shop.internal', port: 8001, priority: 10, weight: 3 },
      { target: 'b.shop.internal', port: 8002, priority: 10, weight: 1 },
      { target: 'told.shop.internal', port: 8003, priority: 20, weight: 0 },
      { target: 'gone.shop.internal', port: 8004, priority: 20 },
    ],
    additional: { 'told.shop.internal': ['127.0.0.9'] },
    ttl: 60,
  })
  names.names.set('a.shop.internal', { A: ['127.0.0.2'], ttl: 30 })
  names.names.set('b.shop.internal', { A: ['127.0.0.3'], ttl: 40 })
  names.asked.length = 0
  const { endpoints } = await serviceLookup(client(), '_http._tcp.shop.internal', 'http')()
  assert.deepEqual(endpoints, [
    { url: 'http://shop.internal:8001', address: '127.0.0.2', weight: 3, priority: 0 },
    { url: 'http://shop.internal:8002', address: '127.0.0.3', weight: 1, priority: 0 },
    { url: 'http://shop.internal:8003', address: '127.0.0.9', weight: 1, priority: 1 },
  ])
  assert.ok(!names.asked.some((each) => each.includes('told.shop')), 'what was told along is not asked for')
})

test('a target that cannot be looked up stands as it was', async () => {
  names.names.set('_api._tcp.shop.internal', {
    SRV: [
      { target: 'one.shop.internal', port: 1 },
      { target: 'two.shop.internal', port: 2 },
    ],
  })
  names.names.set('one.shop.internal', { A: ['127.0.0.2'] })
  names.names.set('two.shop.internal', { A: ['127.0.0.3'] })
  const lookUp = serviceLookup(client(), '_api._tcp.shop.internal', 'http')
  assert.equal((await lookUp()).endpoints.length, 2)
  names.names.set('two.shop.internal', { code: 'SERVFAIL' })
  const { endpoints, ttl } = await lookUp()
  assert.deepEqual(
    endpoints.map(({ address }) => address),
    ['127.0.0.2', '127.0.0.3'],
  )
  assert.equal(ttl, 0, 'it is looked up again soon')
})

test('one kind of address that cannot be had stands as it was', async () => {
  names.names.set('dual.internal', { A: ['127.0.0.2'], AAAA: ['::1'] })
  const asked = client()
  const lookUp = addressLookup(asked, 'dual.internal', 80, 'http')
  assert.equal((await lookUp()).endpoints.length, 2)
  const ask = asked.ask.bind(asked)
  asked.ask = (name, type) => (type === 'A' ? ask(name, type) : Promise.reject(new Error('lost')))
  assert.equal((await lookUp()).endpoints.length, 2)
})

const FAILURES = [
  ['no such name', { code: 'NXDOMAIN' }, 'there is no such name (NXDOMAIN)'],
  ['no address', {}, 'the name has no address'],
  ['a server that fails', { code: 'SERVFAIL' }, `${names.address} answered SERVFAIL`],
  ['a server that refuses', { code: 'REFUSED' }, `${names.address} answered REFUSED`],
  ['silence', 'silent', `${names.address}: no answer within 200 ms`],
  ['garbage', 'garbage', /./],
  ['a message that is cut off', 'cut', /cut off/],
  ['names without end', 'loop', /bad pointer/],
  ['an answer to something else', 'other', /another question/],
] as const

for (const [what, answer, reason] of FAILURES) {
  test(`${what}: the look-up fails, and says why`, async () => {
    names.names.set('bad.internal', answer)
    const message = await reasonOf(addressLookup(client(), 'bad.internal', 80, 'http')())
    if (typeof reason === 'string') assert.equal(message, reason)
    else assert.match(message, reason)
  })
}

test('where one server has no answer, the next is asked', async () => {
  names.names.set('orders.internal', { A: ['127.0.0.2'] })
  const lame = await NameServer.start()
  lame.names.set('orders.internal', { code: 'SERVFAIL' })
  const dead = await NameServer.start()
  dead.stop()
  try {
    const { addresses } = await client([dead.address, lame.address, names.address]).ask(
      'orders.internal',
      'A',
    )
    assert.equal(addresses.length, 1)
    assert.equal(lame.asked.length, 1)
  } finally {
    lame.stop()
  }
})

test('what does not fit into a datagram is asked for over TCP', async () => {
  const many = Array.from({ length: 120 }, (_, index) => `127.0.1.${index + 1}`)
  names.names.set('many.internal', { A: many })
  names.truncating = true
  names.asked.length = 0
  try {
    const { addresses } = await client([names.address], 2_000).ask('many.internal', 'A')
    assert.equal(addresses.length, 120)
    assert.deepEqual(names.asked, ['A many.internal', 'tcp A many.internal'])
  } finally {
    names.truncating = false
  }
})

test('a server that does not know EDNS is asked without it', async () => {
  names.names.set('orders.internal', { A: ['127.0.0.2'] })
  names.old = true
  try {
    assert.equal((await client().ask('orders.internal', 'A')).addresses[0]?.address, '127.0.0.2')
  } finally {
    names.old = false
  }
})

test('weights keep their proportions, priorities their order, and no record is without a chance', () => {
  const record = fc.record({
    priority: fc.nat({ max: 65_535 }),
    weight: fc.nat({ max: 65_535 }),
    port: fc.constant(80),
    target: fc.string(),
    ttl: fc.constant(1),
  })
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
      const all = standings(records)
      for (const { weight, priority } of all) {
        assert.ok(Number.isInteger(weight) && weight >= 1 && weight <= 1_000)
        assert.ok(Number.isInteger(priority) && priority >= 0 && priority <= 99)
      }
      for (const one of all) {
        for (const other of all) {
          if (one.record.priority < other.record.priority) assert.ok(one.priority <= other.priority)
          if (one.record.priority !== other.record.priority) continue
          assert.equal(one.priority, other.priority)
          if (one.record.weight < other.record.weight) assert.ok(one.weight <= other.weight)
        }
      }
    }),
  )
})

test('whatever a server sends, it is read or refused, and soon', () => {
  const head = Buffer.from('1234818000010003000000000', 'hex')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, withHead) => {
      const message = withHead ? Buffer.concat([head, Buffer.from(bytes)]) : Buffer.from(bytes)
      const took = cpuTimeOf(() => {
        try {
          decodeAnswer(message, 'orders.internal', 'A')
        } catch (error) {
          assert.ok(error instanceof Error)
        }
      })
      assert.ok(took < 200, `${took} ms`)
    }),
    { numRuns: 2_000 },
  )
})
