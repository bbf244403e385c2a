import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameReader } from '../../src/h2/frame-reader.ts'
import { CLIENT_PREFACE } from '../../src/h2/preface.ts'
import { cut, frame, READER, readPieces, RecordingSink, SETTINGS, uint32 } from './frames.ts'
import { hex } from './hpack-blocks.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const EIGHT = '12345678'

/** Frames behind the first SETTINGS, and what is told of them. */
const TOLD: Readonly<Record<string, readonly [bytes: Buffer, events: readonly string[]]>> = {
  DATA: [frame(0, 0, 1, 'ab'), ['data start 1 2', 'data end 1 [6162] padding 0']],
  'DATA that ends the stream': [frame(0, 1, 3, 'a'), ['data start 3 1', 'data end 3 [61] padding 0 end']],
  'empty DATA': [frame(0, 1, 1), ['data start 1 0', 'data end 1 [] padding 0 end']],
  'padded DATA': [frame(0, 9, 1, '\x03ab\0\0\0'), ['data start 1 6', 'data end 1 [6162] padding 4 end']],
  'DATA with padding of no bytes': [
    frame(0, 8, 1, '\0ab'),
    ['data start 1 3', 'data end 1 [6162] padding 1'],
  ],
  'DATA that is all padding': [frame(0, 8, 1, '\x02\0\0'), ['data start 1 3', 'data end 1 [] padding 3']],
  'DATA of no content and no padding': [frame(0, 8, 1, '\0'), ['data start 1 1', 'data end 1 [] padding 1']],
  'DATA on a stream whose reserved bit is set': [
    frame(0, 0, 0x8000_0001, 'a'),
    ['data start 1 1', 'data end 1 [61] padding 0'],
  ],
  'flags that DATA does not have': [frame(0, 0xf6, 1, 'a'), ['data start 1 1', 'data end 1 [61] padding 0']],
  HEADERS: [frame(1, 4, 1, 'ab'), ['headers 1 [6162]']],
  'HEADERS that end the stream': [frame(1, 5, 1, 'ab'), ['headers 1 [6162] end']],
  'empty HEADERS': [frame(1, 4, 1), ['headers 1 []']],
  'padded HEADERS': [frame(1, 12, 1, '\x02ab\0\0'), ['headers 1 [6162]']],
  'HEADERS that are all padding': [frame(1, 12, 1, '\x02\0\0'), ['headers 1 []']],
  'HEADERS with a priority': [frame(1, 0x24, 1, '\0\0\0\x03\x10ab'), ['headers 1 [6162]']],
  'HEADERS with padding and priority': [frame(1, 0x2c, 1, '\x01\0\0\0\x03\x10ab\0'), ['headers 1 [6162]']],
  'HEADERS that depend on themselves': [
    frame(1, 0x25, 3, '\x80\0\0\x03\x10ab'),
    ['headers 3 [6162] end fault PROTOCOL_ERROR'],
  ],
  'HEADERS with CONTINUATION': [
    Buffer.concat([frame(1, 1, 1, 'ab'), frame(9, 0, 1, 'cd'), frame(9, 0, 1), frame(9, 4, 1, 'ef')]),
    ['headers 1 [616263646566] end'],
  ],
  'padded HEADERS with CONTINUATION': [
    Buffer.concat([frame(1, 0x28, 3, '\x02\0\0\0\x03\x10ab\0\0'), frame(9, 4, 3, 'c')]),
    ['headers 3 [616263] fault PROTOCOL_ERROR'],
  ],
  'two blocks one behind the other': [
    Buffer.concat([frame(1, 0, 1, 'a'), frame(9, 4, 1, 'b'), frame(1, 0, 3, 'c'), frame(9, 4, 3, 'd')]),
    ['headers 1 [6162]', 'headers 3 [6364]'],
  ],
  PRIORITY: [frame(2, 0, 7, '\0\0\0\x03\x10'), ['ignored 2']],
  'PRIORITY that depends on itself': [frame(2, 0, 7, '\x80\0\0\x07\x10'), ['stream fault 7 PROTOCOL_ERROR']],
  'PRIORITY of a wrong length': [frame(2, 0, 7, '\0\0\0\x03'), ['stream fault 7 FRAME_SIZE_ERROR']],
  'PRIORITY of no length': [frame(2, 0, 7), ['stream fault 7 FRAME_SIZE_ERROR']],
  RST_STREAM: [frame(3, 0, 5, uint32(8)), ['reset 5 8']],
  SETTINGS: [frame(4, 0, 0, '\0\x04\0\0\0\x01'), ['settings [000400000001]']],
  'SETTINGS that acknowledge': [frame(4, 1, 0), ['settings acknowledged']],
  PING: [frame(6, 0, 0, EIGHT), ['ping 3132333435363738']],
  'PING that acknowledges': [frame(6, 1, 0, EIGHT), ['ping acknowledged 3132333435363738']],
  GOAWAY: [
    frame(7, 0, 0, Buffer.concat([uint32(0x8000_0007, 11), Buffer.from('calm')])),
    ['goaway 7 11 [calm]'],
  ],
  'GOAWAY without words': [frame(7, 0, 0, uint32(7, 0)), ['goaway 7 0 []']],
  'WINDOW_UPDATE of the connection': [frame(8, 0, 0, uint32(0x8000_0001)), ['window update 0 1']],
  'WINDOW_UPDATE of a stream': [frame(8, 0, 1, uint32(0x7fff_ffff)), ['window update 1 2147483647']],
  'WINDOW_UPDATE of a stream by nothing': [frame(8, 0, 1, uint32(0)), ['stream fault 1 PROTOCOL_ERROR']],
  'a type that nobody knows': [frame(0x42, 0xff, 1, 'abc'), ['ignored 66']],
  'one without content, on the connection': [frame(0xff, 0, 0), ['ignored 255']],
  PRIORITY_UPDATE: [
    frame(0x10, 0, 0, Buffer.concat([uint32(0x8000_0003), Buffer.from('u=1, i')])),
    ['priority update 3 u=1, i'],
  ],
  'PRIORITY_UPDATE that says nothing': [frame(0x10, 0xff, 0, uint32(1)), ['priority update 1 ']],
}

const ALL = Buffer.concat([SETTINGS, ...Object.values(TOLD).map(([bytes]) => bytes)])
const ALL_TOLD = ['settings []', ...Object.values(TOLD).flatMap(([, events]) => events)]

for (const [what, [bytes, events]] of Object.entries(TOLD)) {
  test(`a reader tells of ${what}`, () => {
    const { events: told, fault, reader } = readPieces([SETTINGS, bytes])
    assert.equal(fault, undefined)
    assert.deepEqual(told, ['settings []', ...events])
    assert.equal(reader.isBetweenFrames, true)
  })
}

const PING = frame(6, 0, 0, EIGHT)

/** Bytes behind the first SETTINGS that end the connection. */
const REFUSED: Readonly<Record<string, readonly [bytes: Buffer, code: string, reason: RegExp]>> = {
  'a frame above the size that was announced': [
    frame(0, 0, 1, 'a'.repeat(16_385)),
    'FRAME_SIZE_ERROR',
    /4\.2/,
  ],
  'one of a type that nobody knows': [frame(0x42, 0, 1, 'a'.repeat(16_385)), 'FRAME_SIZE_ERROR', /4\.2/],
  'DATA on the connection': [frame(0, 0, 0, 'a'), 'PROTOCOL_ERROR', /6\.1/],
  'DATA without the length of its padding': [frame(0, 8, 1), 'FRAME_SIZE_ERROR', /6\.1/],
  'DATA with as much padding as content': [frame(0, 8, 1, '\x02ab'.slice(0, 2)), 'PROTOCOL_ERROR', /6\.1/],
  'DATA with more padding': [frame(0, 8, 1, '\xffab'), 'PROTOCOL_ERROR', /6\.1/],
  'HEADERS on the connection': [frame(1, 4, 0, 'a'), 'PROTOCOL_ERROR', /6\.2/],
  'HEADERS without the length of their padding': [frame(1, 12, 1), 'FRAME_SIZE_ERROR', /6\.2/],
  'HEADERS without their priority': [frame(1, 0x24, 1, 'abcd'), 'FRAME_SIZE_ERROR', /6\.2/],
  'HEADERS without their priority behind the padding': [
    frame(1, 0x2c, 1, '\0abcd'),
    'FRAME_SIZE_ERROR',
    /6\.2/,
  ],
  'HEADERS with more padding than there is': [frame(1, 12, 1, '\x03ab'), 'PROTOCOL_ERROR', /6\.2/],
  'HEADERS whose padding is their priority': [
    frame(1, 0x2c, 1, '\x01\0\0\0\x03\x10'),
    'PROTOCOL_ERROR',
    /6\.2/,
  ],
  'PRIORITY on the connection': [frame(2, 0, 0, '\0\0\0\x03\x10'), 'PROTOCOL_ERROR', /6\.3/],
  'RST_STREAM on the connection': [frame(3, 0, 0, uint32(8)), 'PROTOCOL_ERROR', /6\.4/],
  'RST_STREAM of three bytes': [frame(3, 0, 1, 'abc'), 'FRAME_SIZE_ERROR', /6\.4/],
  'RST_STREAM of five bytes': [frame(3, 0, 1, 'abcde'), 'FRAME_SIZE_ERROR', /6\.4/],
  'SETTINGS on a stream': [frame(4, 0, 1), 'PROTOCOL_ERROR', /6\.5/],
  'SETTINGS of half an entry': [frame(4, 0, 0, 'abc'), 'FRAME_SIZE_ERROR', /6\.5/],
  'SETTINGS that acknowledge with content': [frame(4, 1, 0, '\0\x04\0\0\0\x01'), 'FRAME_SIZE_ERROR', /6\.5/],
  PUSH_PROMISE: [frame(5, 4, 1, uint32(2)), 'PROTOCOL_ERROR', /6\.6/],
  'PUSH_PROMISE on the connection': [frame(5, 4, 0, uint32(2)), 'PROTOCOL_ERROR', /6\.6/],
  'PING on a stream': [frame(6, 0, 1, EIGHT), 'PROTOCOL_ERROR', /6\.7/],
  'PING of seven bytes': [frame(6, 0, 0, '1234567'), 'FRAME_SIZE_ERROR', /6\.7/],
  'PING of nine bytes': [frame(6, 1, 0, '123456789'), 'FRAME_SIZE_ERROR', /6\.7/],
  'GOAWAY on a stream': [frame(7, 0, 1, uint32(0, 0)), 'PROTOCOL_ERROR', /6\.8/],
  'GOAWAY of seven bytes': [frame(7, 0, 0, '1234567'), 'FRAME_SIZE_ERROR', /6\.8/],
  'PRIORITY_UPDATE on a stream': [frame(0x10, 0, 1, uint32(1)), 'PROTOCOL_ERROR', /9218 7\.1/],
  'PRIORITY_UPDATE of three bytes': [frame(0x10, 0, 0, 'abc'), 'FRAME_SIZE_ERROR', /9218 7\.1/],
  'WINDOW_UPDATE of three bytes': [frame(8, 0, 1, 'abc'), 'FRAME_SIZE_ERROR', /6\.9/],
  'WINDOW_UPDATE of the connection by nothing': [
    frame(8, 0, 0, uint32(0x8000_0000)),
    'PROTOCOL_ERROR',
    /6\.9/,
  ],
  'CONTINUATION on the connection': [frame(9, 4, 0, 'a'), 'PROTOCOL_ERROR', /6\.10/],
  'CONTINUATION behind no block': [frame(9, 4, 1, 'a'), 'PROTOCOL_ERROR', /6\.10/],
  'CONTINUATION behind a whole block': [
    Buffer.concat([frame(1, 4, 1, 'a'), frame(9, 4, 1, 'a')]),
    'PROTOCOL_ERROR',
    /6\.10/,
  ],
  'CONTINUATION of another stream': [
    Buffer.concat([frame(1, 0, 1, 'a'), frame(9, 4, 3, 'a')]),
    'PROTOCOL_ERROR',
    /4\.3/,
  ],
  'PING within a block': [Buffer.concat([frame(1, 0, 1, 'a'), PING]), 'PROTOCOL_ERROR', /4\.3/],
  'DATA within a block': [
    Buffer.concat([frame(1, 0, 1, 'a'), frame(0, 0, 1, 'a')]),
    'PROTOCOL_ERROR',
    /4\.3/,
  ],
  'HEADERS within a block': [
    Buffer.concat([frame(1, 0, 1, 'a'), frame(1, 4, 1, 'a')]),
    'PROTOCOL_ERROR',
    /4\.3/,
  ],
  'a type that nobody knows within a block': [
    Buffer.concat([frame(1, 0, 1, 'a'), frame(0x42, 0, 1)]),
    'PROTOCOL_ERROR',
    /4\.3/,
  ],
  'a block of too many bytes': [
    Buffer.concat([
      frame(1, 0, 1, 'a'.repeat(16_384)),
      ...Array<Buffer>(4).fill(frame(9, 0, 1, 'a'.repeat(16_000))),
    ]),
    'ENHANCE_YOUR_CALM',
    /70000 bytes/,
  ],
  'a block of too many empty frames': [
    Buffer.concat([frame(1, 0, 1, 'a'), ...Array<Buffer>(9).fill(frame(9, 0, 1))]),
    'ENHANCE_YOUR_CALM',
    /8 CONTINUATION/,
  ],
}

for (const [what, [bytes, code, reason]] of Object.entries(REFUSED)) {
  test(`${what}: the connection ends by ${code}, as soon as it is known`, () => {
    for (const pieces of [
      [bytes],
      cut(
        bytes,
        Array.from({ length: Math.min(bytes.length, 60) }, (_, at) => at),
      ),
    ]) {
      const { fault, events } = readPieces([SETTINGS, ...pieces])
      assert.equal(fault?.code, code)
      assert.equal(fault.scope, 'connection')
      assert.match(fault.message, reason)
      assert.ok(!events.some((event) => event.startsWith('ping')))
    }
  })
}

test('a frame that is too large, or one too many of a block, is refused by its header, before its content comes', () => {
  assert.equal(
    readPieces([SETTINGS, frame(0, 0, 1, 'a'.repeat(16_385)).subarray(0, 9)]).fault?.code,
    'FRAME_SIZE_ERROR',
  )
  const block = Buffer.concat([frame(1, 0, 1, 'a'), frame(9, 0, 1, 'a'.repeat(16_000)).subarray(0, 9)])
  const options = { ...READER, maxBlockSize: 16_000 }
  assert.equal(readPieces([SETTINGS, block], options).fault?.code, 'ENHANCE_YOUR_CALM')
  const least = { ...READER, maxContinuations: 0 }
  assert.equal(readPieces([SETTINGS, block], least).fault?.code, 'ENHANCE_YOUR_CALM')
})

test('the limits on a block are those of one block, and one that keeps to them is read', () => {
  const block = Buffer.concat([
    frame(1, 0, 1, 'a'.repeat(16_384)),
    ...Array<Buffer>(7).fill(frame(9, 0, 1, 'b')),
    frame(9, 4, 1),
  ])
  const { events, fault } = readPieces([SETTINGS, block, block, block, block, block, block])
  assert.equal(fault, undefined)
  assert.equal(events.length, 7)
})

test('the first frame is SETTINGS that acknowledge nothing, and a client’s preface comes before', () => {
  for (const first of [PING, frame(0x42, 0, 0), frame(4, 1, 0), frame(1, 4, 1, 'a')]) {
    assert.match(readPieces([first]).fault?.message ?? '', /first frame/)
  }
  const client = { ...READER, preface: true }
  for (const pieces of [
    [CLIENT_PREFACE, SETTINGS],
    cut(Buffer.concat([CLIENT_PREFACE, SETTINGS]), [1, 5, 20, 24, 25]),
  ]) {
    assert.deepEqual(readPieces(pieces, client).events, ['settings []'])
  }
  assert.match(readPieces([Buffer.from('GET / HTTP/1.1\r\n\r\n')], client).fault?.message ?? '', /preface/)
  assert.match(readPieces([Buffer.from('PRI * H'), Buffer.from('x')], client).fault?.message ?? '', /preface/)
  assert.match(readPieces([CLIENT_PREFACE, CLIENT_PREFACE], client).fault?.code ?? '', /FRAME_SIZE_ERROR/)
})

test('DATA is handed on before its frame is whole, and its end is told before the padding is there', () => {
  const sink = new RecordingSink()
  const reader = new FrameReader(sink, READER)
  const bytes = Buffer.concat([SETTINGS, frame(0, 8, 1, '\x05abcd\0\0\0\0\0')])
  const handed: string[] = []
  sink.data = (_streamId, source, start, end) => {
    handed.push(source.toString('latin1', start, end))
    return undefined
  }
  for (const [start, end] of [
    [0, 20],
    [20, 22],
    [22, 24],
  ] as const) {
    assert.equal(reader.read(bytes, start, end), undefined)
  }
  assert.deepEqual(handed, ['a', 'bc', 'd'])
  assert.match(sink.events.at(-1) ?? '', /^data end/)
  assert.equal(reader.isBetweenFrames, false)
})

test('a fault that the sink finds ends the reading at once', () => {
  for (const objection of [
    'data start',
    'data',
    'data end',
    'headers',
    'reset',
    'settings [',
    'settings ack',
    'ping ',
    'ping ack',
    'goaway',
    'window',
    'ignored',
    'stream fault',
  ]) {
    const sink = new RecordingSink()
    sink.objection = objection
    const fault = new FrameReader(sink, READER).read(ALL, 0, ALL.length)
    assert.equal(fault?.message, 'objected', objection)
    if (objection !== 'data') assert.ok(sink.events.at(-1)?.startsWith(objection))
  }
})

test('however the bytes are cut, the same is told', () => {
  assert.deepEqual(readPieces([ALL]).events, ALL_TOLD)
  assert.deepEqual(readPieces(cut(ALL, [...ALL.keys()])).events, ALL_TOLD)
  fc.assert(
    fc.property(fc.array(fc.nat({ max: ALL.length }), { maxLength: 40 }), (places) => {
      assert.deepEqual(readPieces(cut(ALL, places)).events, ALL_TOLD)
    }),
    { numRuns: 150 },
  )
})

test('frames that are cut off anywhere tell nothing that is not whole, and are known to be cut off', () => {
  for (let length = 1; length < 9 + PING.length; length++) {
    const { reader, events } = readPieces([Buffer.concat([SETTINGS, PING]).subarray(0, length)])
    assert.equal(reader.isBetweenFrames, length === 9)
    assert.equal(events.length, length < 9 ? 0 : 1)
  }
  assert.equal(readPieces([SETTINGS, frame(1, 0, 1, 'a')]).reader.isBetweenFrames, false, 'within a block')
})

const anyFrame = fc
  .record({
    type: fc.oneof(fc.nat({ max: 10 }), fc.nat({ max: 255 })),
    flags: fc.oneof(fc.constantFrom(0, 1, 4, 5, 8, 0x20, 0x2d), fc.nat({ max: 255 })),
    streamId: fc.constantFrom(0, 1, 3, 0x7fff_ffff),
    payload: fc.uint8Array({ maxLength: 30 }),
  })
  .map(({ type, flags, streamId, payload }) => frame(type, flags, streamId, Buffer.from(payload)))

test('whatever frames come, and however they are cut, the events and the fault are the same', () => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 20 }),
      fc.array(fc.nat({ max: 900 }), { maxLength: 20 }),
      (frames, places) => {
        const bytes = Buffer.concat([SETTINGS, ...frames])
        const whole = readPieces([bytes])
        const inPieces = readPieces(cut(bytes, places))
        assert.deepEqual(inPieces.events, whole.events)
        assert.deepEqual(inPieces.fault, whole.fault)
      },
    ),
    { numRuns: 500 },
  )
})

test('whatever bytes come behind SETTINGS, they are told or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const { fault } = readPieces([SETTINGS, Buffer.from(bytes)])
      assert.ok(fault === undefined || fault.streamId === 0)
    }),
    { numRuns: 500 },
  )
  assert.equal(readPieces([SETTINGS, hex('0000000000000000')]).fault, undefined)
})
