import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import type { ResolvedAddress } from '../../src/upstream/connect/dns.ts'
import { ConnectionRace, type FailedAddress, interleave } from '../../src/upstream/connect/happy-eyeballs.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const address: fc.Arbitrary<ResolvedAddress> = fc.oneof(
  fc.ipV4().map((text) => ({ address: text, family: 4 as const })),
  fc.ipV6().map((text) => ({ address: text, family: 6 as const })),
)

test('the families take turns, the preferred one first, each in its own order', () => {
  fc.assert(
    fc.property(fc.array(address), (addresses) => {
      const turns = interleave(addresses)
      const ofFamily = (list: readonly ResolvedAddress[], family: number): readonly ResolvedAddress[] =>
        list.filter((each) => each.family === family)
      for (const family of [4, 6]) assert.deepEqual(ofFamily(turns, family), ofFamily(addresses, family))
      assert.equal(turns[0], addresses[0])
      const mixed = 2 * Math.min(ofFamily(addresses, 4).length, ofFamily(addresses, 6).length)
      for (let index = 1; index < mixed; index++)
        assert.notEqual(turns[index]?.family, turns[index - 1]?.family)
    }),
  )
})

/** A race between sockets whose fate the test decides: they are never connected to anything. */
class Track {
  readonly clock = new VirtualClock()
  readonly started: { readonly address: string; readonly at: number; readonly socket: Socket }[] = []
  winner: Socket | undefined
  failures: readonly FailedAddress[] | undefined
  readonly race: ConnectionRace

  constructor(...addresses: string[]) {
    const resolved = addresses.map(
      (text): ResolvedAddress => ({ address: text, family: text.includes(':') ? 6 : 4 }),
    )
    const dial = ({ address: text }: ResolvedAddress): Socket => {
      const socket = new Socket()
      this.started.push({ address: text, at: this.clock.now(), socket })
      return socket
    }
    this.race = new ConnectionRace(resolved, this.clock, dial, {
      won: (socket) => (this.winner = socket),
      lost: (failures) => (this.failures = failures),
    })
    this.race.next()
  }

  socket(index: number): Socket {
    const entry = this.started[index]
    assert.ok(entry, `attempt ${index} has not started`)
    return entry.socket
  }
}

test('while an attempt hangs, the next starts after 250 ms, and the first to connect wins, whichever it is', async () => {
  const track = new Track('::1', '127.0.0.1', '::2')
  await track.clock.advance(249)
  assert.equal(track.started.length, 1)
  await track.clock.advance(1)
  assert.deepEqual(
    track.started.map(({ address: text, at }) => `${text}@${at}`),
    ['::1@0', '127.0.0.1@250'],
  )
  assert.equal(track.socket(0).destroyed, false, 'the first goes on beside it')
  track.socket(0).emit('connect')
  assert.equal(track.winner, track.socket(0))
  assert.equal(track.socket(1).destroyed, true)
  assert.equal(track.socket(0).destroyed, false)
  await track.clock.advance(10_000)
  assert.equal(track.started.length, 2)
  assert.equal(track.clock.pending, 0)
})

test('when an attempt fails the next starts at once', async () => {
  const track = new Track('::1', '127.0.0.1')
  track.socket(0).emit('error', new Error('refused'))
  assert.deepEqual(
    track.started.map(({ at }) => at),
    [0, 0],
  )
  track.socket(1).emit('connect')
  assert.equal(track.winner, track.socket(1))
  assert.equal(track.failures, undefined)
})

test('the race is lost when all have failed, and every failure is told', async () => {
  const track = new Track('::1', '127.0.0.1')
  await track.clock.advance(250)
  const [a, b] = [new Error('a'), new Error('b')]
  track.socket(1).emit('error', b)
  assert.equal(track.failures, undefined)
  track.socket(0).emit('error', a)
  const told: unknown = track.failures
  assert.deepEqual(told, [
    { address: '127.0.0.1', error: b },
    { address: '::1', error: a },
  ])
})

test('a race that is stopped ends every attempt and tells nobody', async () => {
  const track = new Track('::1', '127.0.0.1', '::2')
  await track.clock.advance(250)
  track.race.stop()
  track.socket(0).emit('connect')
  await track.clock.advance(1_000)
  assert.equal(track.started.length, 2)
  assert.ok(track.started.every(({ socket }) => socket.destroyed))
  assert.equal(track.winner, undefined)
  assert.equal(track.failures, undefined)
})
