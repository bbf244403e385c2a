import assert from 'node:assert/strict'
import { test } from 'node:test'
import { promisify } from 'node:util'
import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gunzip,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import { type Body, bodyFrom, collect, EMPTY_BODY, StreamBody } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { parseCodings } from '../../src/policies/decompress/content-coding.ts'
import { RATIO_FLOOR } from '../../src/policies/decompress/decoded-body.ts'
import { decompress, type DecompressOptions } from '../../src/policies/decompress/decompress.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { eventually, FilledBody, gather, RecordingSink } from '../h1/harness.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const ENCODERS = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
} as const
const CODINGS = ['gzip', 'deflate', 'br', 'zstd'] as const
type Coding = keyof typeof ENCODERS

interface Answer {
  readonly encoding?: string
  readonly body: Body
  readonly status?: number
  readonly method?: string
  readonly options?: DecompressOptions
  readonly asked?: Readonly<Record<string, string>>
}

async function answer(given: Answer): Promise<{ response: HttpResponse; request: HttpRequest }> {
  const { encoding, body, status = 200, method = 'GET', options, asked = {} } = given
  const exchange = new Exchange(
    HttpRequest.to('http://a.example/', { method, headers: asked }),
    new VirtualClock(),
  )
  const headers = HeaderList.of({ 'Content-Length': String(body.length ?? 7), ETag: '"x"' })
  if (encoding !== undefined) headers.append('content-encoding', encoding)
  const policy = decompress(options)(() => Promise.resolve(new HttpResponse(status, headers, body)))
  return { response: await policy(exchange), request: exchange.request }
}

/** Bytes that arrive in pieces of the given size. */
function arriving(bytes: Uint8Array, size = bytes.length): Body {
  let position = 0
  const filled = new FilledBody()
  const feed = (): void => {
    while (position < bytes.length) {
      const piece = bytes.subarray(position, position + size)
      position += size
      if (!filled.body.push(piece)) return
    }
    filled.body.end()
  }
  const { body } = filled
  const resume = body.resume.bind(body)
  body.resume = () => {
    resume()
    feed()
  }
  const flowTo = body.flowTo.bind(body)
  body.flowTo = (sink) => {
    flowTo(sink)
    feed()
  }
  return body
}

async function failure(response: HttpResponse): Promise<TrafficError> {
  const { error } = await gather(response.body)
  assert.ok(error !== undefined, 'the body must break')
  return error
}

const TEXT = Buffer.from('the quick brown fox jumps over the lazy dog. '.repeat(200))

test('compressed responses are asked for, unless the caller says what it takes or wants a range', async () => {
  const accepted = async (asked: Record<string, string>): Promise<string | undefined> =>
    (await answer({ body: EMPTY_BODY, asked })).request.headers.get('accept-encoding')
  assert.equal(await accepted({}), 'gzip, deflate, br, zstd')
  assert.equal(await accepted({ 'Accept-Encoding': 'br' }), 'br')
  assert.equal(await accepted({ Range: 'bytes=0-9' }), 'identity')
})

for (const coding of Object.keys(ENCODERS) as Coding[]) {
  const encoded = ENCODERS[coding](TEXT)

  test(`${coding} is decoded, here whole or arriving in whatever pieces`, async () => {
    for (const body of [bodyFrom(encoded), arriving(encoded), arriving(encoded, 1), arriving(encoded, 7)]) {
      const { response } = await answer({ encoding: coding, body })
      assert.deepEqual(await collect(response.body), TEXT)
      assert.deepEqual([...response.headers], [{ name: 'etag', value: '"x"' }])
    }
  })

  test(`${coding} that ends too early fails, at whatever byte`, async () => {
    const short = ENCODERS[coding](Buffer.from('0123456789'.repeat(5)))
    for (let length = 1; length < short.length; length++) {
      const cut = short.subarray(0, length)
      for (const body of [bodyFrom(cut), arriving(cut, 5)]) {
        const { response } = await answer({ encoding: coding, body })
        const { code } = await failure(response)
        assert.equal(code, 'decompression_failed', `${length} of ${short.length} bytes`)
      }
    }
  })

  test(`${coding} that is none, or goes on behind its end, fails`, async () => {
    for (const bad of [
      Buffer.from('<html>not compressed</html>'),
      Buffer.concat([encoded, Buffer.from('more')]),
    ]) {
      for (const body of [bodyFrom(bad), arriving(bad), arriving(bad, 1)]) {
        const { response } = await answer({ encoding: coding, body })
        const { code, message, phase } = await failure(response)
        assert.equal(code, 'decompression_failed')
        assert.match(
          message,
          /^the response is said to be encoded with (gzip|deflate|br|zstd), but it is not valid: /,
        )
        assert.equal(phase, 'response-body')
      }
    }
  })
}

test('deflate without the header of zlib is understood as well', async () => {
  const raw = deflateRawSync(TEXT)
  for (const body of [bodyFrom(raw), arriving(raw, 3)]) {
    const { response } = await answer({ encoding: 'deflate', body })
    assert.deepEqual(await collect(response.body), TEXT)
  }
})

test('any content comes back as it was, in any coding and any pieces', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 3_000 }),
      fc.constantFrom(...CODINGS),
      fc.integer({ min: 1, max: 100 }),
      async (content, coding, size) => {
        const encoded = ENCODERS[coding](content)
        const { response } = await answer({ encoding: coding, body: arriving(encoded, size) })
        assert.deepEqual(await collect(response.body), Buffer.from(content))
      },
    ),
    { numRuns: 60 },
  )
})

test('up to five codings are undone in the opposite order; more are refused', async () => {
  const twice = gzipSync(brotliCompressSync(TEXT))
  for (const body of [bodyFrom(twice), arriving(twice, 10)]) {
    const { response } = await answer({ encoding: 'br, gzip', body })
    assert.deepEqual(await collect(response.body), TEXT)
  }
  const five = gzipSync(gzipSync(gzipSync(twice)))
  const { response } = await answer({ encoding: 'br, gzip, gzip, gzip, gzip', body: bodyFrom(five) })
  assert.deepEqual(await collect(response.body), TEXT)
  const filled = new FilledBody()
  await assert.rejects(answer({ encoding: 'gzip, gzip, gzip, gzip, gzip, gzip', body: filled.body }), {
    code: 'decompression_failed',
  })
  assert.ok(filled.cancelled)
})

test('several frames of zstd are one content, those to be skipped are skipped, in pieces of any size', async () => {
  const skipped = Buffer.concat([Buffer.from('502a4d1804000000', 'hex'), Buffer.from('skip')])
  const sum = { params: { [constants.ZSTD_c_checksumFlag]: 1 } }
  const frames = [
    skipped,
    zstdCompressSync(TEXT),
    skipped,
    zstdCompressSync('', sum),
    zstdCompressSync(TEXT, sum),
    skipped,
  ]
  const body = Buffer.concat(frames)
  for (const given of [
    bodyFrom(body),
    ...[1, 2, 3, 7, 1_000, body.length].map((size) => arriving(body, size)),
  ]) {
    const { response } = await answer({ encoding: 'zstd', body: given })
    assert.deepEqual(await collect(response.body), Buffer.concat([TEXT, TEXT]))
  }
  const { response } = await answer({
    encoding: 'zstd',
    body: arriving(Buffer.concat([body, Buffer.from('more')]), 9),
  })
  await assert.rejects(collect(response.body), { code: 'decompression_failed' })
})

test('content cut into tiny frames of zstd is refused, since each takes as long as some KiB; frames to be skipped take nothing', async () => {
  const tiny = zstdCompressSync('x')
  const skipped = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0])
  const of = (frame: Uint8Array, times: number): Buffer => Buffer.concat(Array<Uint8Array>(times).fill(frame))
  for (const size of [10, 1000, 100_000]) {
    const few = await answer({ encoding: 'zstd', body: arriving(of(tiny, 100), size) })
    assert.equal(String(await collect(few.response.body)), 'x'.repeat(100))
    const many = await answer({ encoding: 'zstd', body: arriving(of(tiny, 20_000), size) })
    await assert.rejects(collect(many.response.body), {
      code: 'decompression_failed',
      message: /frames so small/,
    })
    const passed = Buffer.concat([tiny, of(skipped, 20_000), tiny])
    const { response } = await answer({ encoding: 'zstd', body: arriving(passed, size) })
    assert.equal(String(await collect(response.body)), 'xx')
  }
  const { response } = await answer({ encoding: 'zstd', body: arriving(of(skipped, 10)) })
  assert.equal(String(await collect(response.body)), '')
})

test('what has no coding, one that nobody knows, or no content, is left alone', async () => {
  for (const given of [
    { body: bodyFrom('plain') },
    { body: bodyFrom('plain'), encoding: 'aes128gcm' },
    { body: bodyFrom('plain'), encoding: 'gzip, aes128gcm' },
    { body: bodyFrom('plain'), encoding: 'constructor' },
    { body: EMPTY_BODY, encoding: 'gzip', method: 'HEAD' },
    { body: EMPTY_BODY, encoding: 'gzip', status: 204 },
    { body: EMPTY_BODY, encoding: 'gzip', status: 304 },
    { body: bodyFrom('part'), encoding: 'gzip', status: 206 },
  ]) {
    const { response } = await answer(given)
    assert.equal(response.body, given.body)
    assert.equal(response.headers.get('content-encoding'), given.encoding)
    assert.ok(response.headers.has('content-length'))
  }
})

test('no bytes at all are no content, whatever the field says', async () => {
  for (const body of [EMPTY_BODY, arriving(new Uint8Array(0))]) {
    const { response } = await answer({ encoding: 'gzip', body })
    assert.equal((await collect(response.body)).length, 0)
  }
})

test('a decompression bomb is cut off, by its ratio and by its size', async () => {
  const blanks = Buffer.alloc(20 * RATIO_FLOOR, ' ')
  for (const coding of CODINGS) {
    const bomb = ENCODERS[coding](blanks)
    for (const options of [{}, { maxRatio: 1e9, maxSize: 2 * RATIO_FLOOR }]) {
      const { response } = await answer({ encoding: coding, body: bodyFrom(bomb), options })
      const { error, bytes } = await gather(response.body)
      assert.equal(error?.code, 'decompression_failed')
      assert.match(
        error.message,
        options.maxRatio ? /limit of 2097152 bytes \(maxSize\)/ : /200 times its size \(maxRatio\)/,
      )
      assert.ok(bytes <= 6 * RATIO_FLOOR, `${coding}: ${bytes} bytes came out`)
    }
  }
  const small = gzipSync(Buffer.alloc(1_000))
  const { response: large } = await answer({
    encoding: 'gzip',
    body: bodyFrom(small),
    options: { maxSize: 999 },
  })
  assert.match((await failure(large)).message, /maxSize/)
  const { response } = await answer({ encoding: 'gzip', body: bodyFrom(small), options: { maxSize: 1_000 } })
  assert.equal(response.body.length, 1_000)
})

test('a bomb in a bomb is cut off in its first layer', async () => {
  const inner = gzipSync(Buffer.alloc(200 * RATIO_FLOOR))
  const { response } = await answer({ encoding: 'gzip, gzip', body: arriving(gzipSync(inner)) })
  const { error, bytes } = await gather(response.body)
  assert.equal(error?.code, 'decompression_failed')
  assert.ok(bytes <= 200 * RATIO_FLOOR)
})

test('no more is decoded, and taken from who sends it, than a few chunks ahead of whoever takes it', async () => {
  const content = Buffer.alloc(8 * RATIO_FLOOR, 'abcdefghijklmnopqrstuvwxyz0123456789')
  const encoded = gzipSync(content, { level: 0 })
  let position = 0
  const pump = (): void => {
    let room = true
    while (room && position < encoded.length) {
      room = body.push(encoded.subarray(position, position + 16_384))
      position += 16_384
      if (position >= encoded.length) body.end()
    }
  }
  const body = new StreamBody(undefined, { resumeBody: () => pump(), cancelBody() {} })
  const { response } = await answer({ encoding: 'gzip', body })
  const sink = new RecordingSink()
  sink.room = false
  response.body.flowTo(sink)
  await eventually(() => sink.bytes > 0, 'something is decoded')
  // In the time in which another decoder has done all of it several times.
  for (let count = 0; count < 5; count++) await promisify(gunzip)(encoded)
  assert.ok(sink.bytes <= 32 * 1024, `${sink.bytes} bytes were given to who has no room`)
  assert.ok(position < 300_000, `${position} bytes were taken though nobody reads`)
  // From here on there is room.
  sink.room = true
  response.body.resume()
  await eventually(() => sink.done, 'all is decoded')
  assert.equal(sink.bytes, content.length)
})

test('a body that breaks breaks the decoded one; one that is given up gives the other up', async () => {
  const broken = new FilledBody()
  const { response } = await answer({ encoding: 'gzip', body: broken.body })
  const outcome = gather(response.body)
  broken.body.push(gzipSync(TEXT).subarray(0, 20))
  const cut = new TrafficError('upstream_closed', 'cut')
  broken.body.fail(cut)
  assert.equal((await outcome).error, cut)

  const unwanted = new FilledBody()
  const { response: other } = await answer({ encoding: 'gzip', body: unwanted.body })
  const sink = new RecordingSink()
  other.body.flowTo(sink)
  unwanted.body.push(gzipSync(TEXT))
  other.body.cancel(cut)
  assert.equal(unwanted.cancelled, cut)
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([sink.bytes, sink.done, sink.error], [0, false, undefined])
})

test('trailers pass', async () => {
  const filled = new FilledBody()
  const { response } = await answer({ encoding: 'gzip', body: filled.body })
  filled.body.push(gzipSync(TEXT))
  filled.body.end(HeaderList.of({ digest: 'x' }))
  assert.equal((await gather(response.body)).trailers?.get('digest'), 'x')
})

test('codings are read as RFC 9110 writes them', () => {
  assert.deepEqual(parseCodings('GZip'), ['gzip'])
  assert.deepEqual(parseCodings(' br ,, X-GZIP,identity'), ['br', 'gzip'])
  assert.deepEqual(parseCodings('identity'), [])
  assert.equal(parseCodings('compress'), undefined)
  assert.equal(parseCodings('gzip;q=1'), undefined)
  assert.equal(parseCodings('br,br,br,br,br')?.length, 5)
  assert.equal(parseCodings('br,br,br,br,br,br'), 'too-many')
})

test('an option that is not valid is named', () => {
  assert.throws(() => decompress({ maxSize: 0 }), /^TypeError: decompress\.maxSize: 0 is not valid; allowed/)
  assert.throws(() => decompress({ maxRatio: Number.NaN }), /^TypeError: decompress\.maxRatio: NaN/)
})
