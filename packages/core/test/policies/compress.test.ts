import assert from 'node:assert/strict'
import { test } from 'node:test'
import zlib from 'node:zlib'
import { type Body, bodyFrom, collect } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { compress, type CompressOptions } from '../../src/policies/compress/compress.ts'
import { systemClock } from '../../src/time/clock.ts'
import { FilledBody, RecordingSink } from '../h1/harness.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { fc } from '../../../../scripts/testing/property.ts'

type Fields = Readonly<Record<string, string>>

const DECODE: Readonly<Record<string, (content: Buffer) => Buffer>> = {
  gzip: (content) => zlib.gunzipSync(content),
  br: (content) => zlib.brotliDecompressSync(content),
  zstd: (content) => zlib.zstdDecompressSync(content),
}
const TEXT = 'many words, and the same words again; '.repeat(100)
const HTML = { 'content-type': 'text/html; charset=utf-8' }

interface Asked {
  readonly accept?: string | undefined
  readonly method?: string
  readonly headers?: Fields
  readonly options?: CompressOptions
}

function answered(
  body: string | Body,
  fields: Fields,
  { accept = 'gzip', method = 'GET', headers = {}, options = {} }: Asked = {},
  status = 200,
): Promise<HttpResponse> {
  const request = HttpRequest.to('http://shop.example/', {
    method,
    headers: accept === '' ? headers : { 'accept-encoding': accept, ...headers },
  })
  const handle = compress(options)(() =>
    Promise.resolve(
      new HttpResponse(status, HeaderList.of(fields), typeof body === 'string' ? bodyFrom(body) : body),
    ),
  )
  return handle(new Exchange(request, systemClock))
}

function fieldsOf({ headers }: HttpResponse): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: headers.size }, (_, at) => [
      headers.nameAt(at),
      headers.get(headers.nameAt(at)) ?? '',
    ]),
  )
}

test('the coding is the one that the client likes best, and of several alike the one that is offered first', async () => {
  const cases: [accept: string, options: CompressOptions, coding: string | undefined][] = [
    ['gzip, br, zstd', {}, 'zstd'],
    ['gzip, br', {}, 'br'],
    ['gzip;q=1, br;q=0.5', {}, 'gzip'],
    ['*', {}, 'zstd'],
    ['*, zstd;q=0', {}, 'br'],
    ['gzip, br', { codings: ['gzip', 'br'] }, 'gzip'],
    ['br', { codings: ['gzip'] }, undefined],
    ['identity;q=0, gzip', {}, 'gzip'],
    ['gzip;q=0', {}, undefined],
    ['identity, gzip;q=0.5', {}, undefined],
    ['', {}, undefined],
    ['identity;q=0', {}, undefined],
  ]
  for (const [accept, options, coding] of cases) {
    const response = await answered(TEXT, HTML, { accept, options })
    const { headers, body } = response
    assert.equal(headers.get('content-encoding'), coding, accept)
    assert.equal(headers.get('vary'), 'accept-encoding')
    const content = await collect(body)
    assert.equal((coding === undefined ? content : DECODE[coding]?.(content))?.toString(), TEXT, accept)
  }
})

test('what is small, a part, encoded already, of another type, or not to be changed passes as it is', async () => {
  const cases: [string | Body, Fields, Asked?, number?][] = [
    ['short', HTML],
    [TEXT, { 'content-type': 'image/png' }],
    [TEXT, {}],
    [TEXT, { ...HTML, 'content-encoding': 'br' }],
    [TEXT, { ...HTML, 'content-range': 'bytes 0-1/2' }, {}, 206],
    [TEXT, { ...HTML, 'cache-control': 'max-age=1, no-transform' }],
    [TEXT, HTML, { headers: { 'cache-control': 'no-transform' } }],
    [TEXT, { 'content-type': 'application/grpc' }],
    ['', HTML, {}, 204],
  ]
  for (const [content, fields, asked, status] of cases) {
    const response = await answered(content, { ...fields, etag: '"1"' }, asked, status)
    assert.deepEqual(fieldsOf(response), { ...fields, etag: '"1"' })
    assert.equal((await collect(response.body)).toString(), content)
  }
})

test('types are named whole, by their kind, or by their form', async () => {
  const options = { types: ['application/json', 'image/*', '*+xml'] }
  const cases: Readonly<Record<string, boolean>> = {
    'Application/JSON;charset=utf-8': true,
    'image/png': true,
    'application/atom+xml': true,
    'application/json-seq': false,
    'text/html': false,
  }
  for (const [type, isCompressed] of Object.entries(cases)) {
    const { headers } = await answered(TEXT, { 'content-type': type }, { options })
    assert.equal(headers.has('content-encoding'), isCompressed, type)
  }
})

test('fields that told of the bytes before go, a strong entity tag becomes weak, and Vary keeps what it names', async () => {
  const { headers, body } = await answered(TEXT, {
    ...HTML,
    etag: '"1"',
    vary: 'Origin',
    'content-length': String(TEXT.length),
    'content-digest': 'sha-256=:a:',
    'repr-digest': 'sha-256=:a:',
    digest: 'a',
    'content-md5': 'a',
    'accept-ranges': 'bytes',
  })
  assert.deepEqual(fieldsOf(new HttpResponse(200, headers)), {
    ...HTML,
    etag: 'W/"1"',
    vary: 'Origin, accept-encoding',
    'content-encoding': 'gzip',
    'content-length': String(body.length),
  })
  const weak = await answered(TEXT, { ...HTML, etag: 'W/"1"', vary: '*' })
  assert.deepEqual([weak.headers.get('etag'), weak.headers.get('vary')], ['W/"1"', '*'])
})

test('a HEAD is answered with the fields of a GET, and a 304 with the entity tag that the client knows', async () => {
  const length = { 'content-length': '4000' }
  const head = await answered('', { ...HTML, ...length, etag: '"1"' }, { method: 'HEAD' })
  assert.deepEqual(fieldsOf(head), {
    ...HTML,
    etag: 'W/"1"',
    vary: 'accept-encoding',
    'content-encoding': 'gzip',
  })
  const small = await answered('', { ...HTML, 'content-length': '40' }, { method: 'HEAD' })
  assert.equal(small.headers.has('content-encoding'), false)
  const known = await answered('', { etag: '"1"' }, { headers: { 'if-none-match': '"0", W/"1"' } }, 304)
  assert.deepEqual(fieldsOf(known), { etag: 'W/"1"', vary: 'accept-encoding' })
  const plain = await answered('', { etag: '"1"' }, { headers: { 'if-none-match': '"1"' } }, 304)
  assert.deepEqual(fieldsOf(plain), { etag: '"1"' })
})

test('each piece of a stream leaves before the next one comes, in every coding, and trailers come behind it', async () => {
  for (const [coding, decoder] of [
    ['gzip', zlib.createGunzip()],
    ['br', zlib.createBrotliDecompress()],
    ['zstd', zlib.createZstdDecompress()],
  ] as const) {
    const filled = new FilledBody()
    let seen = ''
    decoder.on('data', (chunk: Buffer) => (seen += chunk.toString()))
    const { body, headers } = await answered(filled.body, HTML, { accept: coding })
    assert.equal(headers.has('content-length'), false)
    const sink = new RecordingSink()
    let trailers: HeaderList | undefined
    let ended = false
    body.flowTo({
      write: (chunk) => sink.write(chunk) && (decoder.write(chunk), true),
      end: (given) => {
        trailers = given
        ended = true
      },
      fail: (error) => assert.fail(error),
    })
    for (const piece of ['data: 1\n\n', 'data: 2\n\n']) {
      filled.push(piece)
      await eventually(() => seen.endsWith(piece) || undefined, `${coding} lets ${piece} through`)
    }
    filled.body.end(HeaderList.of({ 'x-sum': '3' }))
    await eventually(() => ended || undefined, `${coding} ends`)
    assert.equal(seen, 'data: 1\n\ndata: 2\n\n')
    assert.equal(trailers?.get('x-sum'), '3')
  }
})

test('what is decoded is what came, whatever the pieces, and its bytes are told once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 8 }),
      fc.constantFrom('gzip', 'br', 'zstd'),
      fc.boolean(),
      async (pieces, coding, isWhole) => {
        const told: number[][] = []
        const options: CompressOptions = { minSize: 0, onCompressed: (_, ...sizes) => told.push(sizes) }
        const content = Buffer.concat(pieces)
        const filled = new FilledBody()
        const source = isWhole ? bodyFrom(content) : filled.body
        const { body } = await answered(source, HTML, { accept: coding, options })
        const collected = collect(body)
        for (const piece of pieces)
          if (!isWhole && piece.length > 0) filled.push(Buffer.from(piece).toString('latin1'))
        if (!isWhole) filled.body.end()
        const encoded = await collected
        assert.deepEqual(DECODE[coding]?.(encoded), content)
        assert.deepEqual(told, [[content.length, encoded.length]])
      },
    ),
    { numRuns: 60 },
  )
})

test('content that is here and large is encoded by another thread, in one piece of work', async () => {
  const content = 'word '.repeat(100_000)
  const { body, headers } = await answered(content, HTML, { accept: 'zstd' })
  assert.equal(body.length, undefined)
  assert.equal(headers.has('content-length'), false)
  assert.equal(zlib.zstdDecompressSync(await collect(body)).toString(), content)
})

test('a body that breaks is broken for the client, and one that nobody wants is cancelled where it comes from', async () => {
  const broken = new FilledBody()
  const { body } = await answered(broken.body, HTML)
  const failed = collect(body)
  broken.push('a piece')
  broken.body.fail(new TrafficError('upstream_closed', 'gone'))
  await assert.rejects(failed, { code: 'upstream_closed' })

  for (const begins of [true, false]) {
    const left = new FilledBody()
    const response = await answered(left.body, HTML)
    const sink = new RecordingSink()
    if (begins) response.body.flowTo(sink)
    const error = new TrafficError('downstream_closed', 'left')
    response.body.cancel(error)
    assert.equal(left.cancelled, error)
  }
})

test('a level that a coding has not is refused', () => {
  assert.throws(() => compress({ levels: { br: 12 } }), /compress\.levels\.br: 12 .* from 0 to 11/)
})
