import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { fc } from '../../../../scripts/testing/property.ts'
import { bodyFrom, collect } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { type Call, clientRig } from './client-rig.ts'
import { cut, frame, uint32 } from './frames.ts'

/** `:status` 200, 103, 204, with a length, with a field; trailers; and what is none of these. */
const blocks = fc.constantFrom(
  '\x88',
  '\x08\x03103',
  '\x89',
  '\x88\x5c\x013',
  '\x88\x40\x01a\x01b',
  '\x40\x01a\x01b',
  '\x80',
  '\x20\x88',
  '',
)
const ids = fc.constantFrom(1, 1, 1, 3, 3, 5, 0, 2, 7, 0x7fff_ffff)
const flags = fc.constantFrom(0, 1, 4, 4, 4, 5, 5, 8, 0x2d)
const content = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))
const numbers = fc.constantFrom(0, 1, 3, 7, 8, 100, 65_535, 0x7fff_ffff, 0xffff_ffff)

/** Frames that are right by chance alone. */
const wrong = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(flags, ids, blocks).map(([flag, id, block]) => frame(1, flag, id, block)),
  },
  {
    weight: 8,
    arbitrary: fc.tuple(flags, ids, content).map(([flag, id, bytes]) => frame(0, flag & 1, id, bytes)),
  },
  fc.tuple(flags, ids, blocks).map(([flag, id, block]) => frame(9, flag, id, block)),
  fc.tuple(ids, numbers).map(([id, by]) => frame(8, 0, id, uint32(by))),
  fc.tuple(ids, numbers).map(([id, code]) => frame(3, 0, id, uint32(code))),
  fc.tuple(ids, numbers).map(([last, code]) => frame(7, 0, 0, uint32(last, code))),
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

/** Which streams have their response's head, and which their end. */
interface Sent {
  readonly begun: Set<number>
  readonly ended: Set<number>
}
type Made = (sent: Sent) => Buffer

/** What comes next in the response on a stream, if that is not over. */
const right = fc.tuple(fc.constantFrom(1, 3, 5), fc.nat({ max: 2 }), content).map(
  ([id, step, bytes]): Made =>
    ({ begun, ended }) => {
      if (ended.has(id)) return frame(6, 0, 0, '12345678')
      if (!begun.has(id)) {
        begun.add(id)
        return frame(1, 4, id, '\x88')
      }
      if (step === 0) ended.add(id)
      return frame(0, step === 0 ? 1 : 0, id, bytes)
    },
)
const made = fc.oneof(
  { weight: 12, arbitrary: right },
  wrong.map(
    (bytes): Made =>
      () =>
        bytes,
  ),
)
/** In an order that is right more often than not. */
const conversations = fc.array(made, { maxLength: 20 }).map((all) => {
  const sent: Sent = { begun: new Set(), ended: new Set() }
  return all.map((make) => make(sent))
})

interface Damage {
  readonly at: number
  readonly bit: number
}
/** What frames become on their way; most often nothing. */
const damages = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  fc.record({ at: fc.nat(), bit: fc.nat({ max: 7 }) }),
)

function damaged(bytes: Buffer, damage: Damage | undefined): Buffer {
  if (damage === undefined || bytes.length === 0) return bytes
  const at = damage.at % bytes.length
  bytes[at] = (bytes[at] ?? 0) ^ (1 << damage.bit)
  return bytes
}

async function outcome({ response }: Call): Promise<string> {
  try {
    const { status, body } = await response
    await collect(body)
    return String(status)
  } catch (thrown) {
    assert.ok(thrown instanceof TrafficError, String(thrown))
    return thrown.code
  }
}

test('whatever a server sends, in whatever pieces, each call ends once, and nothing stays behind', async (t) => {
  const { call, accept, endpoint, clock } = await clientRig(t)
  const defects: string[] = []
  const note = (warning: Error): number => defects.push(warning.message)
  process.on('warning', note)
  t.after(() => process.off('warning', note))
  const outcomes = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(
      conversations,
      fc.array(fc.nat(), { maxLength: 4 }),
      damages,
      async (frames, places, damage) => {
        const calls = [call('/1'), call('/2', { method: 'POST', body: bodyFrom('x'.repeat(9)) }), call('/3')]
        const server = await accept()
        await server.until('HEADERS+END 5')
        const ends = Promise.all(calls.map(outcome))
        for (const piece of cut(damaged(Buffer.concat(frames), damage), places)) {
          server.send(piece)
          await new Promise(setImmediate)
        }
        server.connection.finish()
        for (const end of await ends) outcomes.set(end, (outcomes.get(end) ?? 0) + 1)
        server.connection.socket.destroy()
        await eventually(async () => {
          if (clock.pending > 0) await clock.advance(1_000)
          const { active, pending, connecting, exchanges, opened, closed } = endpoint.stats()
          return active + pending + connecting + exchanges === 0 && opened === closed
        }, 'the connection is gone')
        assert.deepEqual(defects, [])
      },
    ),
    { numRuns: 100 },
  )
  for (const expected of ['200', 'malformed_response', 'upstream_closed'])
    assert.ok((outcomes.get(expected) ?? 0) > 10, JSON.stringify([...outcomes]))
})
