import type { HpackEncoder } from '../../src/h2/hpack-encoder.ts'
import { encode, field, literal, type Pair, plain } from './hpack-blocks.ts'
import { frame, SETTINGS, uint32 } from './frames.ts'
import { data, ping, reset, windowUpdate } from './raw-client.ts'

/** What a client may send a server of HTTP/2 without end, and what it may cost. */
export interface Flood {
  readonly what: string
  /** The payload of the client's SETTINGS. */
  readonly settings?: Buffer
  /** What comes once, before it. */
  readonly before?: (encoder: HpackEncoder) => Buffer[]
  readonly each: (encoder: HpackEncoder, index: number) => Buffer
  readonly count: number
  /** What requests get; two bytes by default. */
  readonly answer?: 'large' | 'nothing'
  /** Whether the client reads what it gets; true by default. */
  readonly isRead?: boolean
  /** The code with which the connection ends; undefined: it goes on. */
  readonly ends: string | undefined
  /** Milliseconds of CPU time at the most, of both ends, for all of it. */
  readonly cpu: number
  /** KiB that the connection may hold when all has come. */
  readonly held: number
}

const CALM = 'ENHANCE_YOUR_CALM'
const END_STREAM = 1
const END_HEADERS = 4

function request(encoder: HpackEncoder, id: number, flags = END_HEADERS | END_STREAM): Buffer {
  const fields: Pair[] = [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':authority', 'h'],
    [':path', '/'],
  ]
  return frame(
    1,
    flags,
    id,
    encode(
      encoder,
      fields.map(([name, value]) => field(name, value)),
    ),
  )
}

const idOf = (index: number): number => 2 * index + 1

/** GET http://h/ without a word for the table. */
const HEAD = Buffer.concat([Buffer.of(0x82, 0x86, 0x84, 0x01), plain('h')])

/** A request of the largest frame, whose rest is the same bytes again and again: small to send, large to hold. */
function bomb(index: number, part: Buffer): Buffer {
  const times = Math.floor((16_384 - HEAD.length) / part.length)
  const block = Buffer.concat([HEAD, ...Array<Buffer>(times).fill(part)])
  return frame(1, END_HEADERS | END_STREAM, idOf(index), block)
}

/** A field of 4 KB goes into the table with a first request, so that one byte stands for it. */
const PLANTED = frame(1, END_HEADERS | END_STREAM, 1, Buffer.concat([HEAD, literal('a', 'v'.repeat(3_900))]))

/** 0x7fffffff as SETTINGS_INITIAL_WINDOW_SIZE, or 0. */
const WINDOWS_WIDE = Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff])
const WINDOWS_SHUT = Buffer.from([0, 4, 0, 0, 0, 0])

export const FLOODS: readonly Flood[] = [
  {
    what: 'rapid resets (CVE-2023-44487)',
    each: (encoder, index) => Buffer.concat([request(encoder, idOf(index)), reset(idOf(index))]),
    count: 1_000,
    ends: CALM,
    cpu: 150,
    held: 256,
  },
  {
    what: 'faults that we reset for (MadeYouReset, CVE-2025-8671)',
    each: (encoder, index) => Buffer.concat([request(encoder, idOf(index)), windowUpdate(idOf(index), 0)]),
    count: 1_000,
    ends: CALM,
    cpu: 150,
    held: 256,
  },
  {
    what: 'requests beyond the streams that there may be',
    each: (encoder, index) => request(encoder, idOf(index), END_HEADERS),
    count: 1_000,
    answer: 'nothing',
    ends: CALM,
    cpu: 150,
    held: 256,
  },
  {
    what: 'CONTINUATION (CVE-2024-27316)',
    before: () => [frame(1, END_STREAM, 1, '\x82')],
    each: () => frame(9, 0, 1, 'x'.repeat(100)),
    count: 1_000,
    ends: CALM,
    cpu: 100,
    held: 256,
  },
  {
    what: 'PING (CVE-2019-9512)',
    each: () => ping('12345678'),
    count: 4_000,
    ends: CALM,
    cpu: 100,
    held: 256,
  },
  { what: 'SETTINGS (CVE-2019-9515)', each: () => SETTINGS, count: 4_000, ends: CALM, cpu: 100, held: 256 },
  {
    what: 'PRIORITY (CVE-2019-9513)',
    each: () => frame(2, 0, 1, Buffer.alloc(5)),
    count: 4_000,
    ends: CALM,
    cpu: 100,
    held: 256,
  },
  {
    what: 'WINDOW_UPDATE (CVE-2019-9517)',
    each: () => windowUpdate(0, 1),
    count: 4_000,
    ends: CALM,
    cpu: 100,
    held: 256,
  },
  {
    what: 'PRIORITY_UPDATE of a stream that has not come',
    each: () => frame(16, 0, 0, Buffer.concat([uint32(1), Buffer.from('u=1')])),
    count: 4_000,
    ends: CALM,
    cpu: 100,
    held: 256,
  },
  {
    what: 'PRIORITY_UPDATE of many streams that never come',
    each: (_, index) => frame(16, 0, 0, Buffer.concat([uint32(idOf(index)), Buffer.from('u=1')])),
    count: 4_000,
    ends: 'PROTOCOL_ERROR',
    cpu: 100,
    held: 256,
  },
  {
    what: 'unknown frames',
    each: () => frame(0x77, 0, 0, 'x'),
    count: 4_000,
    ends: CALM,
    cpu: 100,
    held: 256,
  },
  {
    what: 'empty DATA (CVE-2019-9518)',
    before: (encoder) => [request(encoder, 1, END_HEADERS)],
    each: () => data(1, ''),
    count: 4_000,
    answer: 'nothing',
    ends: CALM,
    cpu: 100,
    held: 256,
  },
  {
    what: 'DATA of padding alone',
    before: (encoder) => [request(encoder, 1, END_HEADERS)],
    each: () => frame(0, 8, 1, Buffer.of(0)),
    count: 4_000,
    answer: 'nothing',
    ends: CALM,
    cpu: 100,
    held: 256,
  },
  {
    what: 'empty HEADERS',
    each: (_, index) => frame(1, END_HEADERS | END_STREAM, idOf(index)),
    count: 1_000,
    ends: CALM,
    cpu: 100,
    held: 256,
  },
  {
    what: 'heads of 64 MB each, sent as 16 KB: one byte for each 4 KB that the table holds (CVE-2016-6581)',
    before: () => [PLANTED],
    each: (_, index) => bomb(index + 1, Buffer.of(0xbe)),
    count: 100,
    ends: undefined,
    cpu: 150,
    held: 256,
  },
  {
    what: 'heads of Cookie in thousands of crumbs (CVE-2026-49975)',
    each: (_, index) => bomb(index, Buffer.of(0xa0)),
    count: 100,
    ends: undefined,
    cpu: 150,
    held: 256,
  },
  {
    what: 'heads of thousands of fields',
    each: (_, index) => bomb(index, literal('a', '', 0)),
    count: 100,
    ends: undefined,
    cpu: 150,
    held: 256,
  },
  {
    what: 'requests for much with windows that stay shut',
    settings: WINDOWS_SHUT,
    each: (encoder, index) => request(encoder, idOf(index)),
    count: 300,
    answer: 'large',
    ends: undefined,
    cpu: 300,
    held: 8 * 1024,
  },
  {
    what: 'requests for much by a client that does not read',
    settings: WINDOWS_WIDE,
    before: () => [windowUpdate(0, 0x7fff_0000)],
    each: (encoder, index) => request(encoder, idOf(index)),
    count: 300,
    answer: 'large',
    isRead: false,
    ends: undefined,
    cpu: 300,
    held: 8 * 1024,
  },
]
