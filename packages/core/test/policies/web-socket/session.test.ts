import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { StreamBody } from '../../../src/message/body.ts'
import { TrafficError } from '../../../src/message/errors.ts'
import type { Extensions } from '../../../src/policies/web-socket/frame-rules.ts'
import { type WebSocketLimits, WebSocketSession } from '../../../src/policies/web-socket/session.ts'
import { VirtualClock } from '../../../src/testing/virtual-clock.ts'
import { closing, frame, masked, told } from './frames.ts'
import { TORTURES } from './torture.ts'

const NO_LIMITS: WebSocketLimits = {
  message: Infinity,
  frame: Infinity,
  messagesPerSecond: Infinity,
  idle: Infinity,
  lifetime: Infinity,
  lifetimeSpread: 0,
  ping: undefined,
}

/** A peer that keeps what it is sent. */
class Peer {
  readonly chunks: Buffer[] = []
  ended = false
  failed = false

  write(chunk: Uint8Array): boolean {
    this.chunks.push(Buffer.from(chunk))
    return true
  }

  end(): void {
    this.ended = true
  }

  fail(): void {
    this.failed = true
  }

  get told(): string[] {
    return told(Buffer.concat(this.chunks))
  }
}

function opened(limits: Partial<WebSocketLimits> = {}, extensions: Extensions = 'none') {
  const clock = new VirtualClock()
  const [client, upstream] = [new Peer(), new Peer()]
  const incoming = new StreamBody(undefined, { resumeBody() {}, cancelBody() {} })
  const tunnel = { incoming, outgoing: upstream, onDrain() {}, onGone() {} }
  const session = new WebSocketSession(tunnel, clock, { ...NO_LIMITS, ...limits }, extensions)
  session.incoming.flowTo(client)
  return {
    clock,
    client,
    upstream,
    incoming,
    session,
    sends: (bytes: Uint8Array) => session.outgoing.write(bytes),
  }
}

const BROKEN = new TrafficError('upstream_closed', 'cut')
const hello = masked({ opcode: 1, payload: 'hello' })

describe('what a client sends', () => {
  for (const { name, sends, upstream, code } of TORTURES) {
    test(`${name}: ${code === undefined ? 'passes' : `closes with ${code}`}, in one piece and byte by byte`, () => {
      for (const step of [sends.length, 1]) {
        const socket = opened({ message: 1_000, frame: 600 })
        for (let at = 0; at < sends.length; at += step)
          socket.sends(Buffer.from(sends.subarray(at, at + step)))
        assert.deepEqual(socket.upstream.told, upstream)
        assert.deepEqual(socket.client.told, code === undefined ? [] : [`close ${code}`])
        assert.equal(socket.client.ended, code !== undefined)
      }
    })
  }
})

test('frames that come in one read leave in one write, as they came', () => {
  const { upstream, sends } = opened()
  const both = Buffer.concat([hello, masked({ opcode: 9, payload: 'p' }), hello])
  sends(both)
  assert.deepEqual(upstream.chunks, [both])
})

test('the payload of a frame passes before the rest of it is here', () => {
  const { upstream, sends } = opened()
  sends(hello.subarray(0, 8))
  assert.equal(Buffer.concat(upstream.chunks).length, 8)
})

test('compressed messages pass where that was agreed, RSV1 on a continuation does not, and another extension may have any bit', () => {
  const compressed = masked({ opcode: 1, payload: 'a', first: 0x40 })
  const wrong = masked({ opcode: 0, payload: 'b', first: 0xc0 })
  const deflate = opened({}, 'permessage-deflate')
  deflate.sends(Buffer.concat([compressed, wrong]))
  assert.deepEqual([deflate.upstream.told, deflate.client.told], [['text a', 'close 1001'], ['close 1002']])
  const other = opened({}, 'other')
  other.sends(Buffer.concat([compressed, wrong]))
  assert.deepEqual(other.upstream.told, ['text a', 'more b'])
})

test('what an upstream breaks closes it with that code, and the client with 1011', () => {
  const { client, upstream, incoming } = opened()
  incoming.push(Buffer.concat([frame({ opcode: 1, payload: 'hi' }), hello]))
  assert.deepEqual(client.told, ['text hi', 'close 1011'])
  assert.deepEqual(upstream.told, ['close 1002'])
})

test('a Close frame of ours waits for the end of a frame under way, and nothing of the peer comes behind it', () => {
  const { client, upstream, incoming, session } = opened()
  const message = frame({ opcode: 2, payload: 'x'.repeat(10) })
  incoming.push(message.subarray(0, 5))
  session.close({ code: 1001, reason: 'away' })
  assert.equal(Buffer.concat(client.chunks).length, 5)
  incoming.push(Buffer.concat([message.subarray(5), message]))
  assert.deepEqual(client.told, ['binary xxxxxxxxxx', 'close 1001'])
  assert.deepEqual(upstream.told, ['close 1001'])
})

test('a client that breaks the protocol while it is sent a frame gets the rest of it, then why, and then the end', () => {
  const { client, incoming, sends } = opened()
  const message = frame({ opcode: 2, payload: 'x'.repeat(10) })
  incoming.push(message.subarray(0, 5))
  sends(frame({ opcode: 1, payload: 'no mask' }))
  assert.equal(client.ended, false)
  incoming.push(message.subarray(5))
  assert.deepEqual(client.told, ['binary xxxxxxxxxx', 'close 1002'])
  assert.equal(client.ended, true)
})

test('once both have answered a Close frame of ours both are ended, and whoever does not is cut', async () => {
  const answer = closing(1001)
  const polite = opened()
  polite.session.close({ code: 1001, reason: '' })
  polite.sends(masked({ opcode: 8, payload: answer }))
  polite.incoming.push(frame({ opcode: 8, payload: answer }))
  assert.deepEqual([polite.client.ended, polite.upstream.ended], [true, true])
  assert.deepEqual([polite.client.told, polite.upstream.told], [['close 1001'], ['close 1001']])
  const rude = opened()
  rude.session.close({ code: 1001, reason: '' })
  await rude.clock.advance(4_990)
  assert.equal(rude.client.failed, false)
  await rude.clock.advance(20)
  assert.deepEqual([rude.client.failed, rude.upstream.failed], [true, true])
})

test('peers that close by themselves are not disturbed, and their code is told', () => {
  const { client, upstream, incoming, session, sends } = opened()
  sends(Buffer.concat([hello, masked({ opcode: 8, payload: closing(4321) })]))
  incoming.push(frame({ opcode: 8, payload: closing(4321) }))
  session.close({ code: 1001, reason: 'too late' })
  assert.deepEqual([upstream.told, client.told], [['text hello', 'close 4321'], ['close 4321']])
  assert.deepEqual(session.finished(), {
    code: 4321,
    fromClient: { messages: 1, bytes: 5 },
    fromUpstream: { messages: 0, bytes: 0 },
  })
})

test('a peer that is cut leaves the other with a Close frame, but not within a frame', () => {
  const lost = opened()
  lost.incoming.fail(BROKEN)
  assert.deepEqual([lost.client.told, lost.client.ended], [['close 1011'], true])
  const gone = opened()
  gone.session.outgoing.fail(BROKEN)
  assert.deepEqual([gone.upstream.told, gone.upstream.ended], [['close 1001'], true])
  const within = opened()
  within.incoming.push(frame({ opcode: 1, payload: 'hello' }).subarray(0, 4))
  within.incoming.fail(BROKEN)
  assert.deepEqual([Buffer.concat(within.client.chunks).length, within.client.failed], [4, true])
})

test('a client that sends nothing is pinged, its pong stays here, and without one it is closed', async () => {
  const { client, clock, upstream, sends } = opened({ ping: { interval: 1_000, timeout: 500 } })
  await clock.advance(1_000)
  const ping = Buffer.concat(client.chunks)
  assert.equal(ping[0], 0x89)
  sends(masked({ opcode: 10, payload: ping.subarray(2) }))
  sends(masked({ opcode: 10, payload: 'another' }))
  assert.deepEqual(upstream.told, ['pong another'])
  await clock.advance(1_600)
  assert.equal(client.chunks.length, 2)
  await clock.advance(500)
  assert.deepEqual([client.told.at(-1), upstream.told.at(-1)], ['close 1001', 'close 1001'])
})

test('pauses between messages, and lifetimes less their spread by chance, end in 1001', async () => {
  const idle = opened({ idle: 1_000 })
  await idle.clock.advance(900)
  idle.sends(hello)
  idle.sends(masked({ opcode: 9 }))
  await idle.clock.advance(900)
  assert.deepEqual(idle.client.told, [])
  await idle.clock.advance(200)
  assert.deepEqual(idle.client.told, ['close 1001'])
  const old = opened({ lifetime: 10_000, lifetimeSpread: 1_000 })
  await old.clock.advance(8_990)
  assert.deepEqual(old.client.told, [])
  // By then it is over, whatever was drawn, but 0.
  await old.clock.advance(1_000)
  assert.deepEqual(old.client.told, ['close 1001'])
})

test('more messages in a second than are allowed end in 1008; frames of one message count once', async () => {
  const { client, clock, sends } = opened({ messagesPerSecond: 2 })
  const parts = [masked({ opcode: 1, payload: 'a', first: 0 }), masked({ opcode: 0, payload: 'b' })]
  for (let round = 0; round < 3; round++) {
    sends(Buffer.concat([hello, ...parts]))
    await clock.advance(1_000)
  }
  assert.deepEqual(client.told, [])
  sends(Buffer.concat([hello, hello, hello]))
  assert.deepEqual(client.told, ['close 1008'])
})
