import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { bodyFrom } from '../../src/message/body.ts'
import type { Handler } from '../../src/message/handler.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { frame, uint32 } from './frames.ts'
import { clientRig } from './client-rig.ts'
import type { Pair } from './hpack-blocks.ts'
import { data, ping, type RawClient, reset, settings, windowUpdate } from './raw-client.ts'
import { serve } from './server-rig.ts'

/** What fills the connection's window, so that whatever follows waits. */
const WINDOW = 65_535
const SIZE = 40_000

const update = (id: number, value: string): Buffer =>
  frame(16, 0, 0, Buffer.concat([uint32(id), Buffer.from(value)]))

/** Content of as many bytes as the path says, with the Priority that `x-origin` asks for. */
const large: Handler = async ({ request: { path, headers } }) => {
  const origin = headers.get('x-origin')
  const fields = HeaderList.of(origin === undefined ? {} : { priority: origin })
  return new HttpResponse(200, fields, bodyFrom(Buffer.alloc(Number(path.slice(1)))))
}

const sized = (size: number, ...fields: readonly Pair[]): Pair[] => [[':path', `/${size}`], ...fields]

/** A client whose window is used up by stream 1, so that what it asks for next waits. */
async function filled(t: Parameters<typeof serve>[0]): Promise<RawClient> {
  const client = await (await serve(t, large)).client(settings([4, 1_000_000]))
  client.send(client.head(1, sized(WINDOW)))
  await client.until('DATA+END 1')
  return client
}

/** The window opens: on which streams DATA comes, in which order. */
async function drained(client: RawClient, ...ids: readonly number[]): Promise<number[]> {
  client.send(ping('asked???'))
  await client.until('PING+ACK 0 asked???')
  client.send(windowUpdate(0, 1_000_000))
  const lines: string[] = []
  await eventually(() => {
    lines.push(...client.frames().filter((line) => line.startsWith('DATA')))
    return lines.filter((line) => line.startsWith('DATA+END')).length === ids.length
  }, 'all of it is here')
  return lines.map((line) => Number(line.split(' ')[1]))
}

test('the more urgent responses are sent first, as a whole or in turns (RFC 9218 10)', async (t) => {
  const client = await filled(t)
  const asked: readonly (readonly [id: number, priority: string])[] = [
    [3, 'u=7'],
    [5, 'u=3, i'],
    [7, 'u=1'],
    [9, 'u=1'],
    [11, 'nonsense='],
  ]
  for (const [id, priority] of asked) client.send(client.head(id, sized(SIZE, ['priority', priority])))
  assert.deepEqual(
    await drained(client, ...asked.map(([id]) => id)),
    [7, 7, 7, 9, 9, 9, 5, 11, 5, 11, 5, 11, 3, 3, 3],
  )
})

test('PRIORITY_UPDATE changes the turn of what waits, and of what has not come yet (RFC 9218 7)', async (t) => {
  const client = await filled(t)
  client.send(update(7, 'u=0'), update(7, 'nonsense='), update(5, 'u=9'))
  for (const id of [3, 5, 7]) client.send(client.head(id, sized(SIZE, ['priority', 'u=5'])))
  client.send(update(5, 'u=2'), update(1, 'u=0'))
  assert.deepEqual(await drained(client, 3, 5, 7), [7, 7, 7, 5, 5, 5, 3, 3, 3])
})

test('an origin may override what the client has asked for (RFC 9218 8)', async (t) => {
  const client = await filled(t)
  client.send(client.head(3, sized(SIZE, ['priority', 'u=4, i'])))
  client.send(client.head(5, sized(SIZE, ['priority', 'u=6, i'], ['x-origin', 'u=4'])))
  client.send(client.head(7, sized(SIZE, ['priority', 'u=6'], ['x-origin', 'u=2'])))
  assert.deepEqual(await drained(client, 3, 5, 7), [7, 7, 7, 3, 5, 3, 5, 3, 5])
})

test('requests of an intermediary, which many clients may share, take turns (RFC 9218 13.1)', async (t) => {
  const client = await filled(t)
  const proxies: readonly Pair[] = [
    ['via', '2 cdn'],
    ['forwarded', 'for=192.0.2.1'],
    ['x-forwarded-for', '192.0.2.1'],
  ]
  for (const [index, field] of proxies.entries())
    client.send(client.head(3 + 2 * index, sized(SIZE, field, ['priority', `u=${6 - index}`])))
  assert.deepEqual(await drained(client, 3, 5, 7), [3, 5, 7, 3, 5, 7, 3, 5, 7])
})

test('who is reset while it waits, and whose window is shut, holds up nobody', async (t) => {
  const client = await filled(t)
  client.send(
    client.head(3, sized(SIZE, ['priority', 'u=0'])),
    client.head(5, sized(SIZE)),
    settings([4, 20_000]),
  )
  client.send(client.head(7, sized(SIZE, ['priority', 'u=1'])), reset(3), windowUpdate(5, 20_000))
  assert.deepEqual(await drained(client, 5), [7, 7, 5, 5, 5])
})

/** What PRIORITY_UPDATE must not say: the connection ends with PROTOCOL_ERROR (RFC 9218 7.1). */
const REFUSED: Readonly<Record<string, (client: RawClient) => Buffer>> = {
  'of stream 0': () => update(0, 'u=1'),
  'of a push': () => update(2, 'u=1'),
  'of more streams than may be open': () => Buffer.concat([3, 5, 7, 9].map((id) => update(id, 'u=1'))),
  'of more streams, those that are open counted': (client) =>
    Buffer.concat([
      client.head(3, [[':method', 'PUT']], 4),
      update(3, 'u=1'),
      ...[5, 7, 9].map((id) => update(id, 'u=1')),
    ]),
}

for (const [what, bytes] of Object.entries(REFUSED)) {
  test(`PRIORITY_UPDATE ${what} ends the connection`, async (t) => {
    const client = await (await serve(t, large, { http2: { streams: 3 } })).client()
    client.send(bytes(client))
    assert.match((await client.gone()).at(-1) ?? '', /^GOAWAY \d+ PROTOCOL_ERROR/)
  })
}

test('what was said of streams that were left out is forgotten, and of those that are over ignored', async (t) => {
  const server = await serve(t, large, { http2: { streams: 3 } })
  const client = await server.client()
  for (let id = 1; id < 60; id += 6) {
    client.send(update(id, 'u=1'), update(id + 2, 'u=2'), update(id + 4, 'nonsense='))
    client.send(client.head(id + 4, sized(1)))
    await client.until(`DATA+END ${id + 4}`)
    client.send(update(id, 'u=1'), update(id + 4, 'u=1'))
  }
  client.send(data(3, 'x'))
  await client.until('RST_STREAM 3 STREAM_CLOSED')
})

test('PRIORITY_UPDATE from a server ends the connection (RFC 9218 7.1)', async (t) => {
  const { call, accept } = await clientRig(t)
  const { response } = call()
  const server = await accept()
  await server.until('HEADERS')
  server.send(update(1, 'u=1'))
  await server.until('GOAWAY 0 PROTOCOL_ERROR')
  await assert.rejects(response, { code: 'malformed_response' })
})
