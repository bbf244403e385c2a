import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import type { Script } from './case.ts'
import type { Chance } from './chance.ts'
import type { Fields } from './raw-origin.ts'

const STATUSES = [
  200, 200, 200, 200, 201, 202, 203, 204, 205, 206, 226, 299, 304, 400, 401, 404, 407, 409, 410, 418, 421,
  422, 425, 429, 451, 499, 500, 502, 503, 504, 511, 599, 600, 999,
]
const REASONS = [
  'OK',
  '',
  'As Pleases Me',
  'Not  Quite',
  'Caf\xe9',
  'a,b;c="d"',
  '200',
  'OK OK OK',
  '~!@#$%^&*()',
]
const FIELDS: Fields = [
  ['x-one', '1'],
  ['X-Two', 'a, b'],
  ['x-empty', ''],
  ['x-latin', 'caf\xe9'],
  ['x-tab', 'a\tb'],
  ['set-cookie', 'a=1; Path=/'],
  ['Set-Cookie', 'b=2; HttpOnly'],
  ['set-cookie', 'c="x, y"; Expires=Wed, 21 Oct 2099 07:28:00 GMT'],
  ['x-repeat', '1'],
  ['X-Repeat', '2'],
  ['cache-control', 'max-age=60'],
  ['etag', '"v1"'],
  ['link', '</a>; rel=next'],
  ['vary', 'accept'],
  ['content-language', 'de, en'],
  ['date', 'Mon, 01 Jan 2024 00:00:00 GMT'],
  ['www-authenticate', 'Basic realm="x"'],
  ['retry-after', '1'],
  ['x-__proto__', '1'],
  ['constructor', 'x'],
  ['connection', 'close'],
  ['referrer-policy', 'unsafe-url'],
  ['referrer-policy', 'no-referrer, origin, nonsense'],
]
const TYPES = [
  'text/plain',
  'application/json',
  'application/x-www-form-urlencoded',
  'text/html; charset=utf-8',
  'Text/X; A=B',
  '',
  'nonsense',
  'text/event-stream',
]
const TEXTS = [
  '',
  'x',
  'hello',
  '{"a":[1,2,3],"b":"\u00fc"}',
  '\ufeff{"bom":true}',
  '{"broken":',
  'a=1&b=%20+2',
  'null',
  '"\ud83d\ude00"',
  'data: 1\n\ndata: 2\n\n',
]

export function generateScript(chance: Chance): Script {
  const status = chance.pick(STATUSES)
  const plain = contentOf(chance)
  const coded = chance.is(0.35) && plain.length > 0 ? encoded(chance, plain) : undefined
  const fields = fieldsOf(chance)
  if (chance.is(0.8)) fields.push(['content-type', chance.pick(TYPES)])
  if (coded !== undefined) fields.push([chance.pick(['content-encoding', 'Content-Encoding']), coded.name])
  return {
    status,
    reason: chance.pick(REASONS),
    fields,
    content: coded?.content ?? plain,
    framing:
      status === 204 || status === 304
        ? chance.pick(['none', 'length'] as const)
        : chance.pick(['length', 'length', 'chunked', 'close'] as const),
    interim: chance.is(0.08) ? [chance.pick([100, 102, 103])] : [],
    cut: chance.is(0.1) ? chance.pick(['before', 'head', 'content', 'reset'] as const) : undefined,
    pieces: chance.is(0.3),
  }
}

/** A response that leads on. */
export function generateRedirect(chance: Chance, status: number, location: string): Script {
  const script = generateScript(chance)
  const places = chance.is(0.04) ? [] : [chance.pick(['location', 'Location'])]
  const fields: Fields = [
    ...script.fields.filter(([name]) => name.toLowerCase() !== 'content-encoding'),
    ...places.map((name) => [name, location] as const),
  ]
  return {
    ...script,
    status,
    fields,
    cut: undefined,
    framing: script.framing === 'none' ? 'length' : script.framing,
  }
}

function contentOf(chance: Chance): Buffer {
  const kind = chance.below(10)
  if (kind < 7) return Buffer.from(chance.pick(TEXTS))
  if (kind < 8) return chance.bytes(chance.below(300))
  // More would stop Node's own fetch from reading on, and it throws where nobody can catch it if the connection ends meanwhile.
  return Buffer.alloc(chance.below(12_000), chance.pick(TEXTS.slice(1)))
}

function fieldsOf(chance: Chance): (readonly [string, string])[] {
  const fields: (readonly [string, string])[] = []
  for (let count = chance.below(6); count > 0; count--) fields.push(chance.pick(FIELDS))
  return fields
}

type Encode = (content: Buffer) => Buffer

/** A coder's memory is most of what coding little content costs: the smallest does for all that is made here. */
const SMALL = { memLevel: 1, windowBits: 9 }
const gzip: Encode = (content) => gzipSync(content, SMALL)
const deflate: Encode = (content) => deflateSync(content, SMALL)
const QUICK = { params: { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_LGWIN]: 14 } }
const br: Encode = (content) => brotliCompressSync(content, QUICK)

const CODINGS: readonly (readonly [name: string, encode: Encode])[] = [
  ['gzip', gzip],
  ['x-gzip', gzip],
  ['GZIP', gzip],
  ['deflate', deflate],
  ['br', br],
  ['zstd', (content) => zstdCompressSync(content)],
  ['gzip, br', (content) => br(gzip(content))],
  ['deflate,gzip,  gzip', (content) => gzip(gzip(deflate(content)))],
  ['gzip, gzip, gzip, gzip, gzip', (content) => gzip(gzip(gzip(gzip(gzip(content)))))],
  ['identity', (content) => content],
  ['unknown', (content) => content],
  ['gzip, unknown', gzip],
]
const RAW: readonly [name: string, encode: Encode] = ['deflate', (content) => deflateRawSync(content, SMALL)]

function encoded(chance: Chance, plain: Buffer): { name: string; content: Buffer } {
  const [name, encode] = chance.is(0.08) ? RAW : chance.pick(CODINGS)
  const content = codedOnce(encode, plain)
  if (!chance.is(0.15)) return { name, content }
  const broken = chance.below(3)
  if (broken === 0) return { name, content: content.subarray(0, content.length >> 1) }
  if (broken === 1) return { name, content: Buffer.concat([content, Buffer.from('more')]) }
  return { name, content: plain }
}

/** Most content is one of a few texts, so that most of it has been coded before. */
const coded = new Map<Encode, Map<string, Buffer>>()

function codedOnce(encode: Encode, plain: Buffer): Buffer {
  if (plain.length > 40) return encode(plain)
  const known = coded.get(encode) ?? new Map<string, Buffer>()
  coded.set(encode, known)
  const text = plain.toString('latin1')
  const content = known.get(text) ?? encode(plain)
  known.set(text, content)
  return content
}
