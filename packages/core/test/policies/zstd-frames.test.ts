import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { ZstdFrames } from '../../src/policies/decompress/zstd-frames.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const TO_BE_SKIPPED = Buffer.from([0x5f, 0x2a, 0x4d, 0x18, 0, 0, 0, 0])

function repeated(bytes: Uint8Array, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => bytes))
}

test('what the decoder gets is each frame in parts of its own, without those to be skipped, in reads of any size', () => {
  const frame = fc.uint8Array({ maxLength: 300 }).map((content) => zstdCompressSync(content))
  const skippable = fc
    .tuple(fc.integer({ min: 0, max: 15 }), fc.uint8Array({ maxLength: 20 }))
    .map(([kind, content]) =>
      Buffer.concat([Buffer.from([0x50 + kind, 0x2a, 0x4d, 0x18, content.length, 0, 0, 0]), content]),
    )
  const frames = fc.array(
    fc.oneof(
      frame.map((bytes) => ({ bytes, kept: true })),
      skippable.map((bytes) => ({ bytes, kept: false })),
    ),
    { maxLength: 8 },
  )
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 40 }), fc.nat(3), (all, size, cut) => {
      const begun = zstdCompressSync('').subarray(0, cut)
      const content = Buffer.concat([...all.map(({ bytes }) => bytes), begun])
      const reader = new ZstdFrames()
      const got: Buffer[] = []
      for (let at = 0; at < content.length; at += size) {
        for (const part of reader.split(content.subarray(at, at + size))) got.push(Buffer.from(part))
      }
      const kept = all.filter((each) => each.kept).map(({ bytes }) => bytes)
      assert.deepEqual(Buffer.concat(got), Buffer.concat(kept))
      assert.deepEqual(Buffer.from(reader.rest()), begun)
      let [index, left] = [0, kept[0]?.length ?? 0]
      for (const part of got) {
        assert.ok(part.length > 0 && part.length <= left, 'a part goes on behind the end of a frame')
        left -= part.length
        if (left === 0) left = kept[++index]?.length ?? 0
      }
    }),
  )
})

test('content that is no frame is passed on whole, for the decoder to judge', () => {
  for (const size of [1, 3, 4, 5, 100]) {
    const reader = new ZstdFrames()
    const content = Buffer.concat([zstdCompressSync('a'), Buffer.from('no frame at all')])
    const got: Uint8Array[] = []
    for (let at = 0; at < content.length; at += size)
      got.push(...reader.split(content.subarray(at, at + size)))
    assert.deepEqual(Buffer.concat([...got, reader.rest()]), content)
  }
})

test('frames to be skipped cost the decoder nothing, however many there are', () => {
  const reader = new ZstdFrames()
  const content = repeated(TO_BE_SKIPPED, 100_000)
  assert.deepEqual(reader.split(content), [])
  assert.equal(reader.tooMany(content.length), false)
})

test('a hundred small frames are taken, and beyond that one for each 256 bytes of content', () => {
  const small = zstdCompressSync('x')
  for (const [times, isTooMany] of [
    [100, false],
    [110, true],
    [10_000, true],
  ] as const) {
    const reader = new ZstdFrames()
    const content = repeated(small, times)
    reader.split(content)
    assert.equal(reader.tooMany(content.length), isTooMany, String(times))
  }
  const reader = new ZstdFrames()
  const incompressible = zstdCompressSync(
    Uint8Array.from({ length: 300 }, (_, index) => (index * 7919) % 251),
  )
  const content = repeated(incompressible, 10_000)
  reader.split(content)
  assert.equal(reader.tooMany(content.length), false)
})

test('a frame breaks off until its last byte is here, whether it is to be skipped or not', () => {
  const frame = zstdCompressSync('a')
  const content = Buffer.concat([frame, Buffer.from([0x5f, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7])])
  const reader = new ZstdFrames()
  const states = [...content].map((byte) => {
    reader.split(Uint8Array.of(byte))
    return reader.breaksOff
  })
  // Before its fourth byte, nobody knows what kind it is.
  const expected = (length: number): boolean[] =>
    Array.from({ length }, (_, index) => index >= 3 && index < length - 1)
  assert.deepEqual(states, [...expected(frame.length), ...expected(10)])
})
