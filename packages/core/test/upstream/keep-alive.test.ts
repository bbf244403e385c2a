import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepAliveTerms } from '../../src/fields/keep-alive.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { ScriptedPeer } from '../../src/testing/scripted-peer.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { Upstream } from '../../src/upstream/upstream.ts'

test('Keep-Alive is read with its parameters in any order, and what makes no sense counts as not said', () => {
  for (const [value, timeout, max] of [
    ['timeout=5', 5_000, undefined],
    ['timeout=5, max=100', 5_000, 100],
    ['max=0,TIMEOUT = "2"', 2_000, 0],
    ['timeout=5, timeout=3', 3_000, undefined],
    ['timeout=-1, max=x', undefined, undefined],
    ['timeout=5.5', undefined, undefined],
    ['timeout=99999999999', undefined, undefined],
    ['', undefined, undefined],
  ] as const) {
    assert.deepEqual(keepAliveTerms(value), { timeout, max }, value)
  }
})

for (const [fields, waits, connections] of [
  ['Keep-Alive: timeout=5\r\n', [3_900, 3_900], 1],
  ['Keep-Alive: timeout=5\r\n', [4_100, 4_100], 3],
  ['Keep-Alive: timeout=2\r\n', [1_100], 2],
  ['Keep-Alive: timeout=1\r\n', [400], 1],
  ['Keep-Alive: timeout=0\r\n', [0], 2],
  ['Keep-Alive: timeout=600\r\n', [59_000], 1],
  ['Keep-Alive: timeout=600\r\n', [61_000], 2],
  ['Keep-Alive: max=2\r\n', [0, 0], 2],
  ['', [30_000], 1],
] as const) {
  test(`an origin that says ${JSON.stringify(fields)}, asked again after ${waits.join(' and ')} ms, sees ${connections} connections`, async (t) => {
    const origin = await ScriptedPeer.listen((connection) => {
      connection.socket.on('data', () => {
        if (!connection.text.endsWith('\r\n\r\n')) return
        connection.forget()
        connection.send(`HTTP/1.1 200 OK\r\n${fields}Content-Length: 0\r\n\r\n`)
      })
    })
    const clock = new VirtualClock()
    const upstream = new Upstream({ name: 'a', endpoints: [{ url: origin.url }], clock })
    t.after(async () => {
      upstream.destroy()
      await origin.close()
    })
    const ask = () => upstream.handler(new Exchange(HttpRequest.to('http://a.example/'), clock))
    await ask()
    for (const wait of waits) {
      await clock.advance(wait)
      await ask()
    }
    assert.equal(origin.connections.length, connections)
  })
}
