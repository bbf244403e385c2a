import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { requestId, type RequestIdOptions } from '../../src/policies/request-id.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const clock = new VirtualClock()

/** A policy, asked again and again: answers what exchange, upstream and peer see of the id. */
function ids(options: Partial<RequestIdOptions> = {}): (sent?: string) => Promise<(string | undefined)[]> {
  const header = options.header ?? 'x-request-id'
  const handler = requestId({ clock, ...options })(() => Promise.resolve(new HttpResponse(200)))
  return async (sent) => {
    const request = HttpRequest.to('http://a.example/', {
      headers: sent === undefined ? {} : { [header]: sent },
    })
    const exchange = new Exchange(request, clock)
    const response = await handler(exchange)
    assert.equal(request.headers.getAll(header).length, 1)
    return [exchange.id, request.headers.get(header), response.headers.get(header)]
  }
}

test('an exchange without an id gets one, which the upstream and the peer see', async () => {
  const [id, upstream, peer] = await ids()()
  assert.match(id ?? '', /^[a-z0-9]+-0$/)
  assert.equal(upstream, id)
  assert.equal(peer, id)
})

test('ids do not repeat, not between two makers either', async () => {
  const [one, other] = [ids(), ids()]
  const made = new Set<string | undefined>()
  for (let count = 0; count < 1_000; count++) {
    made.add((await one())[0])
    made.add((await other())[0])
  }
  assert.equal(made.size, 2_000)
})

for (const sent of ['a', '1-2.3:4/5+6=7_8', 'x'.repeat(128), '4bf92f35-77b3-4da6-a3ce-929d0e0e4736']) {
  test(`an id that the peer sends is taken over: ${sent.slice(0, 40)}`, async () => {
    assert.deepEqual(await ids()(sent), [sent, sent, sent])
  })
}

for (const sent of ['', 'a b', 'a,b', 'a"b', '<script>', 'x'.repeat(129), 'ü', 'a\tb', '${jndi}']) {
  test(`an id that could do harm in a log is replaced: ${JSON.stringify(sent.slice(0, 40))}`, async () => {
    const [id, upstream, peer] = await ids()(sent)
    assert.notEqual(id, sent)
    assert.deepEqual([upstream, peer], [id, id])
  })
}

test('of two ids that the peer sends neither is taken over', async () => {
  const request = HttpRequest.to('http://a.example/')
  request.headers.append('x-request-id', 'a')
  request.headers.append('x-request-id', 'b')
  const exchange = new Exchange(request, clock)
  await requestId({ clock })(() => Promise.resolve(new HttpResponse(200)))(exchange)
  assert.deepEqual(request.headers.getAll('x-request-id'), [exchange.id])
  assert.match(exchange.id, /-/)
})

test('where ids are not accepted, one that the peer sends is replaced', async () => {
  const [id, upstream] = await ids({ accept: false })('sent')
  assert.notEqual(id, 'sent')
  assert.equal(upstream, id)
})

test('the field may have another name', async () => {
  assert.deepEqual(await ids({ header: 'x-correlation-id' })('sent'), ['sent', 'sent', 'sent'])
})

test('the id that an upstream answers with gives way to ours', async () => {
  const request = HttpRequest.to('http://a.example/')
  const exchange = new Exchange(request, clock)
  const response = await requestId({ clock })(() => {
    const answer = new HttpResponse(200)
    answer.headers.append('x-request-id', 'theirs')
    return Promise.resolve(answer)
  })(exchange)
  assert.deepEqual(response.headers.getAll('x-request-id'), [exchange.id])
})
