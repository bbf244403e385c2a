import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PeerSettings } from '../../src/h2/settings.ts'
import { HpackEncoder } from '../../src/h2/hpack-encoder.ts'
import { encode } from './hpack-blocks.ts'

type Entry = readonly [id: number, value: number]

function entries(...list: readonly Entry[]): Buffer {
  const bytes = Buffer.alloc(6 * list.length)
  for (const [index, [id, value]] of list.entries()) {
    bytes.writeUInt16BE(id, 6 * index)
    bytes.writeUInt32BE(value, 6 * index + 2)
  }
  return bytes
}

function applied(...list: readonly Entry[]): PeerSettings {
  const settings = new PeerSettings(false)
  const bytes = entries(...list)
  assert.equal(settings.apply(bytes, 0, bytes.length), undefined)
  return settings
}

test('what a peer has not set is as RFC 9113 6.5.2 says', () => {
  const {
    headerTableSize,
    maxConcurrentStreams,
    initialWindowSize,
    maxFrameSize,
    maxHeaderListSize,
    ...rest
  } = applied()
  assert.deepEqual(
    [
      headerTableSize,
      maxConcurrentStreams,
      initialWindowSize,
      maxFrameSize,
      maxHeaderListSize,
      rest.enableConnectProtocol,
    ],
    [4096, 0xffff_ffff, 65_535, 16_384, 0xffff_ffff, false],
  )
})

test('settings are taken over in their order, unknown ones are ignored', () => {
  const settings = applied(
    [1, 100],
    [2, 1],
    [3, 0],
    [4, 0x7fff_ffff],
    [5, 0xff_ffff],
    [6, 9],
    [8, 1],
    [0x7777, 5],
    [3, 7],
    [0, 1],
  )
  assert.equal(settings.headerTableSize, 100)
  assert.equal(settings.maxConcurrentStreams, 7)
  assert.equal(settings.initialWindowSize, 0x7fff_ffff)
  assert.equal(settings.maxFrameSize, 0xff_ffff)
  assert.equal(settings.maxHeaderListSize, 9)
  assert.equal(settings.enableConnectProtocol, true)
})

const REFUSED: readonly (readonly [what: string, entry: Entry, code: string])[] = [
  ['ENABLE_PUSH', [2, 2], 'PROTOCOL_ERROR'],
  ['INITIAL_WINDOW_SIZE', [4, 0x8000_0000], 'FLOW_CONTROL_ERROR'],
  ['MAX_FRAME_SIZE', [5, 16_383], 'PROTOCOL_ERROR'],
  ['MAX_FRAME_SIZE', [5, 0x100_0000], 'PROTOCOL_ERROR'],
  ['ENABLE_CONNECT_PROTOCOL', [8, 2], 'PROTOCOL_ERROR'],
  ['NO_RFC7540_PRIORITIES', [9, 2], 'PROTOCOL_ERROR'],
]

for (const [what, entry, code] of REFUSED) {
  test(`SETTINGS_${what} of ${entry[1]} is a ${code}`, () => {
    const bytes = entries([3, 1], entry)
    const fault = new PeerSettings(false).apply(bytes, 0, bytes.length)
    assert.equal(fault?.code, code)
    assert.equal(fault.scope, 'connection')
    assert.match(fault.message, new RegExp(what))
  })
}

test('a server must not enable pushes, and nobody takes extended CONNECT back', () => {
  const server = new PeerSettings(true)
  assert.equal(server.apply(entries([2, 0]), 0, 6), undefined)
  assert.equal(server.apply(entries([2, 1]), 0, 6)?.code, 'PROTOCOL_ERROR')
  assert.equal(server.apply(entries([8, 1]), 0, 6), undefined)
  assert.equal(server.apply(entries([8, 0]), 0, 6)?.code, 'PROTOCOL_ERROR')
})

test('whether the old priorities are done away with is said once, by the first SETTINGS (RFC 9218 2.1)', () => {
  const said = applied([9, 0], [9, 1])
  assert.equal(said.apply(entries([9, 1], [3, 7]), 0, 12), undefined)
  const fault = said.apply(entries([9, 0]), 0, 6)
  assert.equal(fault?.code, 'PROTOCOL_ERROR')
  assert.match(fault.message, /NO_RFC7540_PRIORITIES.*RFC 9218 2\.1/)
  const silent = applied([3, 7])
  assert.equal(silent.apply(entries([9, 0]), 0, 6), undefined)
  assert.equal(silent.apply(entries([9, 1]), 0, 6)?.code, 'PROTOCOL_ERROR')
})

test('an encoder is told the smallest table size on the way, too', () => {
  const settings = applied([1, 0], [1, 65_536])
  assert.equal(settings.smallestHeaderTableSize, 0)
  const encoder = new HpackEncoder()
  encoder.limitTable(settings.smallestHeaderTableSize)
  encoder.limitTable(settings.headerTableSize)
  assert.equal(encode(encoder, []).toString('hex'), '203fe11f')
  const later = entries([3, 1])
  settings.apply(later, 0, later.length)
  assert.equal(settings.smallestHeaderTableSize, 65_536)
})
