import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { fc } from '../../../../scripts/testing/property.ts'
import { CLIENT_PREFACE } from '../../src/h2/preface.ts'
import type { Handler } from '../../src/message/handler.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { ScriptedConnection } from '../../src/testing/scripted-peer.ts'
import { frame, uint32 } from './frames.ts'
import { serve } from './server-rig.ts'

/** Sends back what comes; some at once, some never. */
const handler: Handler = async ({ request }) => {
  if (request.path === '/') return new HttpResponse(200, new HeaderList(), request.body)
  return new Promise(() => {})
}

const GET = [0x82, 0x86, 0x84, 0x41, 1, 0x68]
const STUCK = [0x83, 0x86, 0x04, 2, 0x2f, 0x78, 0x41, 1, 0x68]
const blocks = fc.constantFrom(
  Buffer.from(GET),
  Buffer.from(STUCK),
  Buffer.from([...GET, 0x40, 1, 0x61, 1, 0x62]),
  Buffer.from([...GET, 0x5c, 1, 0x33]),
  Buffer.from([0x88]),
)
const ids = fc.constantFrom(0, 1, 1, 3, 3, 5, 7, 9, 2, 0x7fff_ffff)
const flags = fc.constantFrom(0, 1, 4, 5, 5, 8, 0x2d)
const content = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))
const numbers = fc.constantFrom(0, 1, 8, 100, 65_535, 0x7fff_ffff, 0xffff_ffff)

/** Makes a frame for a stream that is new, or for the last one. */
type Made = (next: () => number, last: () => number) => Buffer

/** Frames that no client would send. */
const wrong = fc.oneof(
  fc.tuple(flags, ids, blocks).map(([flag, id, block]) => frame(1, flag, id, block)),
  fc.tuple(flags, ids, content).map(([flag, id, bytes]) => frame(0, flag, id, bytes)),
  fc.tuple(flags, ids, blocks).map(([flag, id, block]) => frame(9, flag, id, block)),
  fc.tuple(ids, numbers).map(([id, by]) => frame(8, 0, id, uint32(by))),
  fc.tuple(ids, numbers).map(([id, code]) => frame(3, 0, id, uint32(code))),
  fc.tuple(fc.nat({ max: 9 }), numbers).map(([id, value]) => {
    const entry = Buffer.alloc(6)
    entry.writeUInt16BE(id)
    entry.writeUInt32BE(value, 2)
    return frame(4, 0, 0, entry)
  }),
  fc
    .tuple(fc.nat({ max: 12 }), flags, ids, content)
    .map(([type, flag, id, bytes]) => frame(type, flag, id, bytes)),
)

const made: fc.Arbitrary<Made> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.tuple(fc.constantFrom(4, 5), blocks).map(
      ([flag, block]): Made =>
        (next) =>
          frame(1, flag, next(), block),
    ),
  },
  {
    weight: 10,
    arbitrary: fc.tuple(fc.constantFrom(0, 0, 1), content).map(
      ([flag, bytes]): Made =>
        (_, last) =>
          frame(0, flag, last(), bytes),
    ),
  },
  fc.constantFrom(1, 100).map(
    (by): Made =>
      (_, last) =>
        frame(8, 0, last(), uint32(by)),
  ),
  fc.constant((_: () => number, last: () => number) => frame(3, 0, last(), uint32(8))),
  fc.constantFrom<Made>(
    () => frame(4, 1, 0),
    () => frame(6, 0, 0, '12345678'),
    () => frame(7, 0, 0, uint32(0, 0)),
  ),
  wrong.map(
    (bytes): Made =>
      () =>
        bytes,
  ),
)

/** In an order that is right more often than not. */
const frames = fc.array(made, { maxLength: 30 }).map((all) => {
  let id = -1
  return all.map((make) =>
    make(
      () => (id += 2),
      () => Math.max(1, id),
    ),
  )
})

test('whatever frames come, in whatever pieces, each exchange ends once, and nothing stays behind', async (t) => {
  const server = await serve(t, handler)
  const defects: string[] = []
  const note = (warning: Error): number => defects.push(warning.message)
  process.on('warning', note)
  t.after(() => process.off('warning', note))
  await fc.assert(
    fc.asyncProperty(frames, fc.nat({ max: 60 }), async (sent, size) => {
      const client = await ScriptedConnection.to(server.port)
      const bytes = Buffer.concat([CLIENT_PREFACE, frame(4, 0, 0), ...sent])
      const step = size === 0 ? bytes.length : size * 8
      for (let at = 0; at < bytes.length; at += step) {
        client.send(bytes.subarray(at, at + step))
        await new Promise(setImmediate)
      }
      client.finish()
      await new Promise(setImmediate)
      client.reset()
      // One that is half closed is not read any more: that it is gone is noticed when it takes nothing.
      await eventually(async () => {
        if (server.clock.pending > 0) await server.clock.advance(600)
        return server.clock.pending === 0
      }, 'no timer is left')
      assert.equal(server.outcomes.length, server.exchanges.length)
      assert.deepEqual(defects, [])
    }),
    { numRuns: 300 },
  )
  assert.ok(server.exchanges.length > 50, `${server.exchanges.length} requests were made of it`)
})
