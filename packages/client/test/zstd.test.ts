import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, zstdCompressSync } from 'node:zlib'
import { clientOf, endInPieces, originOf } from './origin.ts'

const TEXT = 'headgate '.repeat(5_000)
const frame = zstdCompressSync(TEXT)
const checked = zstdCompressSync(TEXT, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
const empty = zstdCompressSync('')

/** A frame to be skipped (RFC 8878 3.1.2), as pzstd and seekable archives write them, and padding by the rules. */
function skippable(kind: number, content: Uint8Array): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32LE(0x184d2a50 + kind, 0)
  head.writeUInt32LE(content.length, 4)
  return Buffer.concat([head, content])
}

const CONTENT: readonly [what: string, parts: readonly Uint8Array[], times: number | undefined][] = [
  ['one frame', [frame], 1],
  ['several frames, one of them empty and one with a checksum', [frame, empty, checked, frame], 3],
  ['a frame to be skipped in front', [skippable(0, Buffer.from('seek table')), frame], 1],
  [
    'frames to be skipped in between',
    [frame, skippable(7, Buffer.alloc(0)), skippable(15, Buffer.alloc(3)), frame],
    2,
  ],
  ['padding of 100 KB in a frame to be skipped', [frame, skippable(2, Buffer.alloc(100_000))], 1],
  ['nothing but a frame to be skipped', [skippable(1, Buffer.alloc(9))], 0],
  // Zeros behind the end are padding to gzip (RFC 1952), and to zstd no frame.
  ['zeros behind the end', [frame, Buffer.alloc(512)], undefined],
  ['garbage behind the end', [frame, Buffer.from('garbage')], undefined],
  ['a second frame that breaks off', [frame, frame.subarray(0, -5)], undefined],
  [
    'a frame to be skipped that breaks off',
    [frame, skippable(3, Buffer.alloc(50)).subarray(0, 20)],
    undefined,
  ],
  [
    'a checksum that is wrong',
    [checked.subarray(0, -1), Buffer.from([(checked.at(-1) ?? 0) ^ 1])],
    undefined,
  ],
]
for (const [what, parts, times] of CONTENT) {
  const good = times !== undefined
  test(`zstd: ${what} ${good ? 'is read' : 'is an error'}, in one piece or in many, by get and by fetch`, async (t) => {
    const encoded = Buffer.concat(parts)
    const url = await originOf(t, (request, response) => {
      response.setHeader('content-encoding', 'zstd')
      if (request.url === '/whole') return void response.end(encoded)
      endInPieces(response, encoded, Math.max(3, Math.ceil(encoded.length / 40)))
    })
    const client = clientOf(t, { retry: false })
    for (const way of ['/whole', '/pieces']) {
      // Each at once in hands that take its failure: one may fail while the other is looked at.
      const got = [client.get(url + way).text(), client.fetch(url + way).then((response) => response.text())]
      for (const { value, error } of await Promise.all(got.map((text) => client.attempt(text)))) {
        if (good) assert.equal(value, TEXT.repeat(times), `${way}: ${error?.message}`)
        else assert.equal(error?.code, 'decompression_failed', way)
      }
    }
  })
}
