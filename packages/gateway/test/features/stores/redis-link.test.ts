import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MetricRegistry } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import { storeFigures } from '../../../src/features/stores/figures.ts'
import { RedisLink } from '../../../src/features/stores/redis-link.ts'

/** A server that does as it is told, and a link to it. */
class FakeServer {
  readonly clock = new VirtualClock()
  readonly metrics = new MetricRegistry()
  readonly changes: string[] = []
  /** When it was asked for a connection. */
  readonly opened: number[] = []
  closed = 0
  mode: 'answers' | 'is silent' | 'refuses' | 'is down' | 'lets nobody in' = 'answers'
  lose: (reason: Error) => void = () => {}
  readonly link: RedisLink

  constructor() {
    this.link = new RedisLink({
      name: 'main',
      timeout: 100,
      clock: this.clock,
      figures: storeFigures(this.metrics, 'main'),
      open: async (_, lost) => {
        this.opened.push(this.clock.now())
        if (this.mode === 'is down') throw new Error('ECONNREFUSED')
        if (this.mode === 'lets nobody in') return new Promise(() => {})
        this.lose = lost
        return { send: () => this.answer(), close: () => void this.closed++ }
      },
    })
    this.link.onChange = (state, reason) => this.changes.push(`${state} ${reason}`.trim())
  }

  private answer(): Promise<number> {
    if (this.mode === 'is silent') return new Promise(() => {})
    return this.mode === 'refuses' ? Promise.reject(new Error('OOM')) : Promise.resolve(1)
  }

  async failure(): Promise<string> {
    const sent = this.link.send(['PING']).then(
      () => 'answered',
      (error: Error) => error.message,
    )
    await this.clock.advance(110)
    return sent
  }

  counted(outcome: string): number {
    const [, count] = new RegExp(`outcome="${outcome}"\\} (\\d+)`).exec(this.metrics.render()) ?? []
    return Number(count)
  }
}

test('a link connects when it is first needed, and calls wait for that no longer than they may take', async () => {
  const server = new FakeServer()
  assert.deepEqual([server.link.state, server.opened.length], ['unused', 0])
  assert.equal(await server.link.send(['PING']), 1)
  assert.deepEqual([server.link.state, server.opened.length, server.counted('answered')], ['connected', 1, 1])

  const slow = new FakeServer()
  slow.mode = 'lets nobody in'
  assert.match(await slow.failure(), /the store main is away/)
  assert.equal(slow.link.state, 'connecting')
})

test('calls that are not answered in time fail, and three in a row end the connection', async () => {
  const server = new FakeServer()
  await server.link.send(['PING'])
  server.mode = 'is silent'
  assert.equal(await server.failure(), 'the store main is away: no answer within 100 ms')
  assert.equal(await server.failure(), 'the store main is away: no answer within 100 ms')
  server.mode = 'answers'
  assert.equal(await server.failure(), 'answered')
  server.mode = 'is silent'
  for (let each = 0; each < 3; each++) await server.failure()
  assert.deepEqual([server.link.state, server.closed, server.counted('late')], ['away', 1, 5])
  assert.deepEqual(server.changes, ['away no answer within 100 ms'])
})

test('while it is away calls fail at once, and it is tried again, rarely, and not by all in the same moment', async () => {
  const pauses = new Set<string>()
  for (let each = 0; each < 3; each++) {
    const server = new FakeServer()
    server.mode = 'is down'
    for (let turn = 0; turn < each; turn++) server.clock.random()
    await server.link.send(['PING']).catch(() => {})
    await assert.rejects(server.link.send(['PING']), /is away: ECONNREFUSED/)
    assert.equal(server.counted('away'), 2)
    await server.clock.advance(60_000)
    const gaps = server.opened.slice(1).map((at, index) => at - (server.opened[index] ?? 0))
    assert.ok(gaps.length > 10 && gaps.length < 30, `${gaps.length} tries in a minute`)
    for (const [index, gap] of gaps.entries()) {
      const longest = Math.min(5_000, 100 * 2 ** index)
      assert.ok(gap >= longest / 2 && gap <= longest + 20, `${gap} ms in place of ${longest}`)
    }
    pauses.add(gaps.join())
    server.mode = 'answers'
    await server.clock.advance(6_000)
    assert.equal(server.link.state, 'connected')
    assert.deepEqual(server.changes, ['away ECONNREFUSED', 'connected'])
  }
  assert.equal(pauses.size, 3)
})

test('a connection that lasted is tried again soon when it is lost, one that did not later and later', async () => {
  const server = new FakeServer()
  await server.link.send(['PING'])
  await server.clock.advance(11_000)
  for (let each = 0; each < 5; each++) {
    server.lose(new Error('reset'))
    assert.equal(server.link.state, 'away')
    await server.clock.advance(6_000)
    assert.equal(server.link.state, 'connected')
  }
  const [, first = 0, , , , last = 0] = server.opened
  assert.ok(first - 11_000 <= 120)
  assert.ok(last - 11_000 - 4 * 6_000 >= 800)
})

test('what the server refuses is an error of the call, and not of the connection', async () => {
  const server = new FakeServer()
  server.mode = 'refuses'
  for (let each = 0; each < 5; each++) await assert.rejects(server.link.send(['SET']), /^Error: OOM$/)
  assert.deepEqual([server.link.state, server.counted('refused')], ['connected', 5])
})

test('a closed link sends nothing, and does not come back', async () => {
  const server = new FakeServer()
  await server.link.send(['PING'])
  server.link.close()
  await assert.rejects(server.link.send(['PING']), /it is not used any more/)
  await server.clock.advance(60_000)
  assert.deepEqual([server.link.state, server.opened.length, server.closed], ['closed', 1, 1])
})
