import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ScriptedPeer } from '@headgate/core/testing'
import type { ClientOptions } from '../../src/index.ts'
import { clientOf, originOf } from '../origin.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'

/** A stream that brings one chunk and then nothing, and keeps what it was told when it was cancelled. */
class Silent {
  reasons: unknown[] = []
  readonly stream: ReadableStream<Uint8Array>

  constructor() {
    this.stream = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from('first')),
      cancel: (reason: unknown) => void this.reasons.push(reason),
    })
  }
}

const KINDS: readonly [
  name: string,
  send: (stream: ReadableStream<Uint8Array>, url: string) => Request | RequestInit,
][] = [
  ['of init', (body) => ({ method: 'POST', body, duplex: 'half' })],
  ['of a Request', (body, url) => new Request(url, { method: 'POST', body, duplex: 'half' })],
]

async function silentPeer(t: TestContext): Promise<ScriptedPeer> {
  const peer = await ScriptedPeer.listen()
  t.after(() => peer.close())
  return peer
}

const PHASES: readonly [name: string, options: ClientOptions, occupied: boolean][] = [
  ['being sent', {}, false],
  ['in a queue', { pool: { maxConnections: 1 } }, true],
]

for (const [kind, of] of KINDS)
  for (const [phase, options, occupied] of PHASES)
    test(`a stream ${kind} that is ${phase} when its call is aborted is cancelled with the signal's reason`, async (t) => {
      const peer = await silentPeer(t)
      const client = clientOf(t, { retry: false, ...options })
      if (occupied) void client.fetch(peer.url).catch(() => undefined)
      const { stream, reasons } = new Silent()
      const given = new AbortController()
      const { signal } = given
      const what = of(stream, peer.url)
      const call =
        what instanceof Request ? client.fetch(what, { signal }) : client.fetch(peer.url, { ...what, signal })
      const rejected = assert.rejects(call, { message: 'no longer wanted' })
      if (occupied) for (let count = 0; count < 50; count++) await turn()
      else
        await eventually(
          () => peer.connections.some(({ text }) => text.includes('first')),
          'the chunk is there',
        )
      const reason = new Error('no longer wanted')
      given.abort(reason)
      await rejected
      await eventually(() => reasons.length > 0, 'the stream was cancelled')
      assert.deepEqual(reasons, [reason])
    })

test("the platform's own blob() knows the type of a response, too", async (t) => {
  const url = await originOf(t, (request, response) => {
    response.setHeader('content-type', request.url === '/a' ? 'image/x-a' : 'application/json')
    response.end('{}')
  })
  const client = clientOf(t, { baseUrl: url })
  for (const [path, type] of [
    ['/a', 'image/x-a'],
    ['/b', 'application/json'],
    ['/a', 'image/x-a'],
  ] as const) {
    const response = await client.fetch(path)
    assert.equal((await Response.prototype.blob.call(response)).type, type)
  }
})
