import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { field } from './hpack-blocks.ts'
import { frame, SETTINGS, uint32 } from './frames.ts'
import { data, ping, reset, windowUpdate } from './raw-client.ts'
import { rig, type Rig } from './connection-rig.ts'

const OK = [field(':status', '200')]

/** What a client sends the `count`-th time, and for how often at least that is no matter: a busy client does some of it. */
const FLOODS: Readonly<
  Record<string, { readonly least: number; readonly send: (rig: Rig, count: number) => Buffer }>
> = {
  'rapid resets (CVE-2023-44487)': {
    least: 100,
    send: ({ client }, count) => Buffer.concat([client.head(count * 2 + 1), reset(count * 2 + 1)]),
  },
  'faults that we reset for (CVE-2025-8671)': {
    least: 100,
    send: ({ client }, count) => Buffer.concat([client.head(count * 2 + 1), windowUpdate(count * 2 + 1, 0)]),
  },
  'PING (CVE-2019-9512)': { least: 1000, send: () => ping('12345678') },
  'SETTINGS (CVE-2019-9515)': { least: 200, send: () => SETTINGS },
  'PRIORITY (CVE-2019-9513)': { least: 1000, send: () => frame(2, 0, 1, uint32(0, 0).subarray(0, 5)) },
  'WINDOW_UPDATE (CVE-2019-9517)': { least: 1000, send: () => windowUpdate(0, 1) },
  'PRIORITY_UPDATE of one stream': {
    least: 1000,
    send: () => frame(16, 0, 0, Buffer.concat([uint32(1), Buffer.from('u=1')])),
  },
  'unknown frames': { least: 1000, send: () => frame(0x77, 0, 0, 'x') },
  'empty DATA (CVE-2019-9518)': {
    least: 1000,
    send: ({ client }, count) => (count === 0 ? client.head(1, [], 4) : data(1, '')),
  },
}

for (const [what, { least, send }] of Object.entries(FLOODS)) {
  test(`a flood of ${what} ends the connection, and some of it does not`, async (t) => {
    const all = await rig(t)
    const { client, role } = all
    client.begin()
    let count = 0
    for (; count < least; count++) client.send(send(all, count))
    client.send(ping('go-on???'))
    await client.until('PING+ACK 0 go-on???')
    await eventually(() => {
      for (let more = 0; more < 50; more++) client.send(send(all, count++))
      return role.told.includes('failed ENHANCE_YOUR_CALM')
    }, 'the connection ends')
    assert.ok(count < 20_000, `${count} of them`)
    assert.ok((await client.gone()).some((line) => /^GOAWAY \d+ ENHANCE_YOUR_CALM/.test(line)))
  })
}

test('CONTINUATION without an end ends the connection (CVE-2024-27316)', async (t) => {
  const { client } = await rig(t)
  client.begin()
  client.send(frame(1, 1, 1, '\x82'), ...Array.from({ length: 20 }, () => frame(9, 0, 1, '')))
  await client.until('GOAWAY 0 ENHANCE_YOUR_CALM')
})

test('a busy connection may reset more: two streams for each that was answered', async (t) => {
  const { client, role } = await rig(t)
  client.begin()
  for (let id = 1; id < 3000; id += 6) {
    client.send(client.head(id), client.head(id + 2), reset(id + 2), client.head(id + 4), reset(id + 4))
    await eventually(() => role.streams.has(id), 'it is here')
    role.stream(id).sendHeaders(OK, true)
    await client.until(`HEADERS+END ${id}`)
  }
  assert.equal(role.told.includes('failed ENHANCE_YOUR_CALM'), false)
})

test('what was spent comes back with time', async (t) => {
  const { client, clock, role } = await rig(t, { options: { frameTimeout: Infinity, idleTimeout: Infinity } })
  client.begin()
  for (let round = 0; round < 5; round++) {
    for (let count = 0; count < 1_500; count++) client.send(ping('12345678'))
    client.send(ping('round???'))
    await client.until('PING+ACK 0 round???')
    await clock.advance(20_000)
  }
  assert.equal(role.told.includes('failed ENHANCE_YOUR_CALM'), false)
})
