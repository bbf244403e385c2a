import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '@headgate/core/testing'
import { gcraParameters, TrafficError } from '@headgate/core'
import { fc } from '../../../../../scripts/testing/property.ts'
import { MessageFrames } from '../../../src/features/grpc/message-frames.ts'
import { MessageGuard } from '../../../src/features/grpc/message-limits.ts'
import { framed } from './frames.ts'

/** The lengths of the messages in content that comes in these pieces, and whether it may end there. */
function lengthsIn(chunks: readonly Uint8Array[]): { lengths: number[]; isBetween: boolean } {
  const lengths: number[] = []
  const frames = new MessageFrames({ message: (length) => void lengths.push(length) })
  for (const chunk of chunks) frames.read(chunk)
  return { lengths, isBetween: frames.isBetween }
}

for (const [what, bytes, lengths, isBetween] of [
  ['nothing', [], [], true],
  ['an empty message', [0, 0, 0, 0, 0], [0], true],
  ['a message, and half a prefix', [0, 0, 0, 0, 1, 7, 0, 0], [1], false],
  ['a compressed message', [1, 0, 0, 0, 2, 7, 7], [2], true],
  ['a message that is not here yet', [0, 0, 0, 1, 0, 7], [256], false],
  ['the largest length', [0, 255, 255, 255, 255], [4_294_967_295], false],
] as const) {
  test(`of ${what}, the messages are found`, () => {
    assert.deepEqual(lengthsIn([Uint8Array.from(bytes)]), { lengths, isBetween })
  })
}

test('messages are found in whatever pieces they come', () => {
  const message = fc.uint8Array({ maxLength: 20 })
  fc.assert(
    fc.property(fc.array(message, { maxLength: 8 }), fc.array(fc.nat(200)), (messages, cuts) => {
      const content = Buffer.concat(messages.map(framed))
      const places = [0, ...cuts.filter((cut) => cut < content.length).sort((a, b) => a - b), content.length]
      const chunks = places.slice(1).map((end, index) => content.subarray(places[index], end))
      assert.deepEqual(lengthsIn(chunks), { lengths: messages.map(({ length }) => length), isBetween: true })
    }),
  )
})

const tooLarge = (length: number): TrafficError =>
  new TrafficError('request_body_too_large', `${length} bytes are too many`)

test('a message is too large by its prefix, before any of it has come', () => {
  const guard = new MessageGuard({ size: 10, pace: undefined, tooLarge }, new VirtualClock())
  assert.equal(guard.judge(framed(Buffer.alloc(10))), undefined)
  assert.equal(guard.judge(Uint8Array.of(0, 0, 0, 0)), undefined)
  assert.equal(guard.judge(Uint8Array.of(11))?.message, '11 bytes are too many')
})

test('so many messages may come at once, and again in a second', async () => {
  const clock = new VirtualClock()
  const guard = new MessageGuard({ size: Infinity, pace: gcraParameters({ rate: 2 }), tooLarge }, clock)
  const one = framed(Buffer.from('a'))
  assert.equal(guard.judge(Buffer.concat([one, one])), undefined)
  await clock.advance(500)
  assert.equal(guard.judge(one), undefined)
  assert.equal(guard.judge(one)?.code, 'rate_limited')
})
