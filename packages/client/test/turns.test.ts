import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { type Body, bodyFrom, HeaderList, HttpResponse, StreamBody } from '@headgate/core'
import type { Client } from '../src/index.ts'
import { clientOf } from './origin.ts'

const VALUES = 10_000

/** A client whose origin is in memory: all of what it sends is there at once. */
function clientWith(t: TestContext, type: string, content: () => Body): Client {
  const headers = HeaderList.of({ 'content-type': type })
  return clientOf(t, { transport: async () => new HttpResponse(200, headers, content()) })
}

/** How many values come in all, and how many at most between two turns of the event loop. */
async function turnsOf(values: AsyncIterable<unknown>): Promise<{ count: number; most: number }> {
  let [count, since, most, over] = [0, 0, 0, false]
  const turn = (): void => {
    since = 0
    if (!over) setImmediate(turn)
  }
  turn()
  for await (const _value of values) {
    count++
    most = Math.max(most, ++since)
  }
  over = true
  return { count, most }
}

test('other work has its turn between the events that one read of a stream brought', async (t) => {
  const client = clientWith(t, 'text/event-stream', () => bodyFrom('data\n\n'.repeat(VALUES)))
  const { count, most } = await turnsOf(client.sse('http://a.example/', { reconnect: false }))
  assert.equal(count, VALUES)
  assert.ok(most <= 256, `${most} events without a turn`)
})

test('other work has its turn between events that wait in many small chunks', async (t) => {
  const client = clientWith(t, 'text/event-stream', () => {
    const body = new StreamBody(undefined, { resumeBody() {}, cancelBody() {} })
    for (let index = 0; index < VALUES; index++) body.push(Buffer.from('data\n\n'))
    body.end()
    return body
  })
  const { count, most } = await turnsOf(client.sse('http://a.example/', { reconnect: false }))
  assert.equal(count, VALUES)
  assert.ok(most <= 256, `${most} events without a turn`)
})

for (const line of [':', '', 'retry: 1', 'id: 1', 'event: a', 'unknown'])
  test(`other work has its turn while a stream sends lines that are no event: ${JSON.stringify(line)}`, async (t) => {
    const lines = Buffer.from(`${line}\n`.repeat(64 * 1024).slice(0, 64 * 1024))
    const client = clientWith(t, 'text/event-stream', () => {
      const body = new StreamBody(undefined, { resumeBody() {}, cancelBody() {} })
      for (let index = 0; index < 40; index++) body.push(lines)
      body.end()
      return body
    })
    let [turns, over] = [0, false]
    const turn = (): void => {
      turns++
      if (!over) setImmediate(turn)
    }
    turn()
    for await (const event of client.sse('http://a.example/', { reconnect: false })) assert.fail(event.type)
    over = true
    assert.ok(turns >= 40, `${turns} turns in 40 chunks`)
  })

test('other work has its turn between the items of one page', async (t) => {
  const page = JSON.stringify(Array.from({ length: VALUES }, (_, index) => index))
  const client = clientWith(t, 'application/json', () => bodyFrom(page))
  const items = client.paginate('http://a.example/', { items: (numbers: unknown) => numbers as number[] })
  const { count, most } = await turnsOf(items)
  assert.equal(count, VALUES)
  assert.ok(most <= 256, `${most} items without a turn`)
})
