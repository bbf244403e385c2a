import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { collect, bodyFrom } from '../../src/message/body.ts'
import type { Handler } from '../../src/message/handler.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { frame, SETTINGS, uint32 } from './frames.ts'
import type { Pair } from './hpack-blocks.ts'
import { data, ping, type RawClient, reset, settings, windowUpdate } from './raw-client.ts'
import { serve } from './server-rig.ts'

/**
 * What a server must do: end the connection with a code, reset stream 1 with one, answer stream 1, or go on, which a PING shows. After GOAWAY of the
 * client's the connection ends with the answer. */
type Expected = `GOAWAY ${string}` | `RST_STREAM ${string}` | 'answer' | 'answer, and the end' | 'goes on'

/** What a client sends behind the prefaces, and what must become of it. */
interface SpecCase {
  readonly name: string
  readonly send: (client: RawClient) => readonly Buffer[]
  readonly expected: Expected
  /** What is sent when stream 1 is answered. */
  readonly behind?: (client: RawClient) => readonly Buffer[]
}

const POST: readonly Pair[] = [[':method', 'POST']]
const REQUEST: readonly Pair[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'h'],
  [':path', '/'],
]
const END_STREAM = 1
const END_HEADERS = 4
const ENDS = END_STREAM | END_HEADERS
const PADDED = 8
const PRIORITY = 0x20

function one(
  name: string,
  expected: Expected,
  send: SpecCase['send'],
  behind?: SpecCase['behind'],
): SpecCase {
  return { name, expected, send, ...(behind && { behind }) }
}

const head = (client: RawClient, flags: number = ENDS, id = 1): Buffer =>
  frame(1, flags, id, client.block(REQUEST))
const bytes = (...values: readonly number[]): Buffer => Buffer.from(values)
const priority = (dependency: number, weight = 15): Buffer =>
  Buffer.concat([uint32(dependency), bytes(weight)])
/** GET of "/" by indexes of the static table, and `more` behind. */
const block = (...more: readonly number[]): Buffer => bytes(0x82, 0x86, 0x84, 0x41, 1, 0x68, ...more)
const withLength = (length: number, type: number, id: number, given: number): Buffer => {
  const whole = frame(type, 0, id, Buffer.alloc(given))
  whole.writeUIntBE(length, 0, 3)
  return whole
}
const withReserved = (whole: Buffer): Buffer => {
  whole[5] = (whole[5] ?? 0) | 0x80
  return whole
}

/** The cases of h2spec 2.6 for servers, by the sections of RFC 7540 that it names, and some beside it. */
const SPEC_CASES: Readonly<Record<string, readonly SpecCase[]>> = {
  '3.5 connection preface': [
    one('a second preface is a frame that is none', 'GOAWAY FRAME_SIZE_ERROR', () => [
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    ]),
  ],
  '4.1 frame format': [
    one('a frame of an unknown type is ignored', 'goes on', () => [frame(0x16, 0, 0, 'unknown')]),
    one('flags that mean nothing are ignored', 'goes on', () => [frame(6, 0x16, 0, '01234567')]),
    one('the reserved bit is ignored', 'goes on', () => [withReserved(frame(6, 0, 0, '01234567'))]),
    one('the reserved bit of a stream is ignored', 'answer', (client) => [withReserved(head(client))]),
  ],
  '4.2 frame size': [
    one('DATA of 2^14 bytes is taken', 'answer', (client) => [
      client.head(1, POST, END_HEADERS),
      data(1, Buffer.alloc(16_384), 1),
    ]),
    one('DATA of more ends the connection', 'GOAWAY FRAME_SIZE_ERROR', (client) => [
      client.head(1, POST, END_HEADERS),
      data(1, Buffer.alloc(16_385), 1),
    ]),
    one('HEADERS of more end the connection', 'GOAWAY FRAME_SIZE_ERROR', () => [
      frame(1, ENDS, 1, Buffer.alloc(16_385)),
    ]),
  ],
  '4.3 field blocks': [
    one('a block that cannot be decoded', 'GOAWAY COMPRESSION_ERROR', () => [
      frame(1, ENDS, 1, bytes(0x40, 0x85)),
    ]),
    one('PRIORITY within a block', 'GOAWAY PROTOCOL_ERROR', (client) => [
      head(client, END_STREAM),
      frame(2, 0, 1, priority(0)),
    ]),
    one('HEADERS of another stream within a block', 'GOAWAY PROTOCOL_ERROR', (client) => [
      head(client, END_STREAM),
      head(client, ENDS, 3),
    ]),
  ],
  '5.1 stream states': [
    one('idle: DATA', 'GOAWAY PROTOCOL_ERROR', () => [data(1, 'x', 1)]),
    one('idle: RST_STREAM', 'GOAWAY PROTOCOL_ERROR', () => [reset(1)]),
    one('idle: WINDOW_UPDATE', 'GOAWAY PROTOCOL_ERROR', () => [windowUpdate(1, 1)]),
    one('idle: CONTINUATION', 'GOAWAY PROTOCOL_ERROR', () => [frame(9, END_HEADERS, 1, block())]),
    one('idle: PRIORITY is taken', 'answer', (client) => [frame(2, 0, 1, priority(0)), head(client)]),
    one('half-closed (remote): DATA', 'RST_STREAM STREAM_CLOSED', (client) => [
      client.head(1, [[':path', '/never']]),
      data(1, 'x', 1),
    ]),
    one('half-closed (remote): HEADERS', 'RST_STREAM STREAM_CLOSED', (client) => [
      client.head(1, [[':path', '/never']]),
      client.head(1),
    ]),
    one('half-closed (remote): CONTINUATION', 'GOAWAY PROTOCOL_ERROR', (client) => [
      client.head(1, [[':path', '/never']]),
      frame(9, END_HEADERS, 1, block()),
    ]),
    one('half-closed (remote): WINDOW_UPDATE, PRIORITY are taken', 'answer', (client) => [
      head(client),
      windowUpdate(1, 1),
      frame(2, 0, 1, priority(0)),
    ]),
    one('closed by RST_STREAM: DATA', 'RST_STREAM STREAM_CLOSED', (client) => [
      client.head(1, POST, END_HEADERS),
      reset(1),
      data(1, 'x'),
    ]),
    one('closed by RST_STREAM: HEADERS', 'GOAWAY STREAM_CLOSED', (client) => [
      client.head(1, POST, END_HEADERS),
      reset(1),
      client.head(1),
    ]),
    one('closed by RST_STREAM: CONTINUATION', 'GOAWAY PROTOCOL_ERROR', (client) => [
      client.head(1, POST, END_HEADERS),
      reset(1),
      frame(9, END_HEADERS, 1, block()),
    ]),
    one(
      'closed: DATA',
      'RST_STREAM STREAM_CLOSED',
      (client) => [head(client)],
      () => [data(1, 'x', 1)],
    ),
    one(
      'closed: HEADERS',
      'GOAWAY STREAM_CLOSED',
      (client) => [head(client)],
      (client) => [head(client)],
    ),
    one(
      'closed: CONTINUATION',
      'GOAWAY PROTOCOL_ERROR',
      (client) => [head(client)],
      () => [frame(9, END_HEADERS, 1, block())],
    ),
    one(
      'closed: PRIORITY, WINDOW_UPDATE and RST_STREAM are ignored',
      'goes on',
      (client) => [head(client)],
      () => [frame(2, 0, 1, priority(0)), windowUpdate(1, 1), reset(1)],
    ),
  ],
  '5.1.1 stream identifiers': [
    one('an even number', 'GOAWAY PROTOCOL_ERROR', (client) => [head(client, ENDS, 2)]),
    one('a number below that of an earlier stream', 'GOAWAY STREAM_CLOSED', (client) => [
      head(client, ENDS, 5),
      head(client, ENDS, 3),
    ]),
  ],
  '5.3.1 stream dependencies': [
    one('HEADERS of a stream that depends on itself', 'RST_STREAM PROTOCOL_ERROR', () => [
      frame(1, ENDS | PRIORITY, 1, Buffer.concat([priority(1), block()])),
    ]),
    one('PRIORITY of a stream that depends on itself', 'RST_STREAM PROTOCOL_ERROR', () => [
      frame(2, 0, 1, priority(1)),
    ]),
    one('a dependency on a stream that is not there, exclusive', 'answer', () => [
      frame(1, ENDS | PRIORITY, 1, Buffer.concat([priority(0x8000_0005, 255), block()])),
    ]),
  ],
  '5.4.1 connection errors': [
    one('a PING that is too long ends the connection', 'GOAWAY FRAME_SIZE_ERROR', () => [
      frame(6, 0, 0, '012345678'),
    ]),
  ],
  '5.5 extending HTTP/2': [
    one('an unknown frame on a stream', 'answer', (client) => [head(client), frame(0x16, 0, 1, 'x')]),
    one('an unknown frame within a block', 'GOAWAY PROTOCOL_ERROR', (client) => [
      head(client, END_STREAM),
      frame(0x16, 0, 1, 'x'),
    ]),
  ],
  '6.1 DATA': [
    one('padded', 'answer', (client) => [
      client.head(1, POST, END_HEADERS),
      frame(0, END_STREAM | PADDED, 1, bytes(2, 0x78, 0, 0)),
    ]),
    one('several', 'answer', (client) => [client.head(1, POST, END_HEADERS), data(1, 'a'), data(1, 'b', 1)]),
    one('on stream 0', 'GOAWAY PROTOCOL_ERROR', () => [data(0, 'x')]),
    one('padding beyond its end', 'GOAWAY PROTOCOL_ERROR', (client) => [
      client.head(1, POST, END_HEADERS),
      frame(0, END_STREAM | PADDED, 1, bytes(9, 0x78)),
    ]),
    one('padded and empty', 'GOAWAY FRAME_SIZE_ERROR', (client) => [
      client.head(1, POST, END_HEADERS),
      frame(0, END_STREAM | PADDED, 1),
    ]),
  ],
  '6.2 HEADERS': [
    one('padded', 'answer', () => [
      frame(1, ENDS | PADDED, 1, Buffer.concat([bytes(2), block(), bytes(0, 0)])),
    ]),
    one('with a priority', 'answer', () => [
      frame(1, ENDS | PRIORITY, 1, Buffer.concat([priority(0), block()])),
    ]),
    one('padded, with a priority', 'answer', () => [
      frame(1, ENDS | PRIORITY | PADDED, 1, Buffer.concat([bytes(1), priority(0), block(), bytes(0)])),
    ]),
    one('on stream 0', 'GOAWAY PROTOCOL_ERROR', () => [frame(1, ENDS, 0, block())]),
    one('padding beyond their end', 'GOAWAY PROTOCOL_ERROR', () => [
      frame(1, ENDS | PADDED, 1, bytes(200, 0x82)),
    ]),
  ],
  '6.3 PRIORITY': [
    one('on stream 0', 'GOAWAY PROTOCOL_ERROR', () => [frame(2, 0, 0, priority(1))]),
    one('of another length than 5', 'RST_STREAM FRAME_SIZE_ERROR', () => [frame(2, 0, 1, 'abcd')]),
  ],
  '6.4 RST_STREAM': [
    one('on stream 0', 'GOAWAY PROTOCOL_ERROR', () => [reset(0)]),
    one('of another length than 4', 'GOAWAY FRAME_SIZE_ERROR', (client) => [
      client.head(1, POST, END_HEADERS),
      frame(3, 0, 1, 'abc'),
    ]),
    one('with an unknown code', 'goes on', (client) => [client.head(1, POST, END_HEADERS), reset(1, 0xff)]),
  ],
  '6.5 SETTINGS': [
    one('are acknowledged, unknown ones too', 'goes on', () => [settings([0xff, 1], [3, 5])]),
    one('an acknowledgement that is not empty', 'GOAWAY FRAME_SIZE_ERROR', () => [frame(4, 1, 0, 'x')]),
    one('on a stream', 'GOAWAY PROTOCOL_ERROR', () => [frame(4, 0, 1)]),
    one('of no multiple of 6 bytes', 'GOAWAY FRAME_SIZE_ERROR', () => [frame(4, 0, 0, 'xyz')]),
    one('ENABLE_PUSH that is neither 0 nor 1', 'GOAWAY PROTOCOL_ERROR', () => [settings([2, 2])]),
    one('INITIAL_WINDOW_SIZE above 2^31-1', 'GOAWAY FLOW_CONTROL_ERROR', () => [settings([4, 0x8000_0000])]),
    one('MAX_FRAME_SIZE below 2^14', 'GOAWAY PROTOCOL_ERROR', () => [settings([5, 16_383])]),
    one('MAX_FRAME_SIZE above 2^24-1', 'GOAWAY PROTOCOL_ERROR', () => [settings([5, 0x100_0000])]),
    one('HEADER_TABLE_SIZE of 0 and back', 'answer', (client) => [settings([1, 0], [1, 4096]), head(client)]),
  ],
  '6.6 PUSH_PROMISE': [
    one('from a client', 'GOAWAY PROTOCOL_ERROR', (client) => [
      client.head(1, POST, END_HEADERS),
      frame(5, END_HEADERS, 1, Buffer.concat([uint32(2), block()])),
    ]),
  ],
  '6.7 PING': [
    one('an acknowledgement is not answered', 'goes on', () => [ping('unasked!', 1)]),
    one('on a stream', 'GOAWAY PROTOCOL_ERROR', () => [frame(6, 0, 1, '01234567')]),
    one('of another length than 8', 'GOAWAY FRAME_SIZE_ERROR', () => [frame(6, 0, 0, '012345')]),
  ],
  '6.8 GOAWAY': [
    one('on a stream', 'GOAWAY PROTOCOL_ERROR', () => [frame(7, 0, 1, uint32(0, 0))]),
    one('too short', 'GOAWAY FRAME_SIZE_ERROR', () => [frame(7, 0, 0, uint32(0))]),
    one('with an unknown code, while a stream is open', 'answer, and the end', (client) => [
      client.head(1, POST, END_HEADERS),
      frame(7, 0, 0, uint32(0, 0xff)),
      data(1, 'x', 1),
    ]),
  ],
  '6.9 WINDOW_UPDATE': [
    one('by 0, of the connection', 'GOAWAY PROTOCOL_ERROR', () => [windowUpdate(0, 0)]),
    one('by 0, of a stream', 'RST_STREAM PROTOCOL_ERROR', (client) => [
      client.head(1, POST, END_HEADERS),
      windowUpdate(1, 0),
    ]),
    one('of another length than 4', 'GOAWAY FRAME_SIZE_ERROR', () => [frame(8, 0, 0, 'abc')]),
    one('above 2^31-1, of the connection', 'GOAWAY FLOW_CONTROL_ERROR', () => [windowUpdate(0, 0x7fff_ffff)]),
    one('above 2^31-1, of a stream', 'RST_STREAM FLOW_CONTROL_ERROR', (client) => [
      client.head(1, POST, END_HEADERS),
      windowUpdate(1, 0x7fff_ffff),
    ]),
    one('SETTINGS that make a stream’s window larger than 2^31-1', 'GOAWAY FLOW_CONTROL_ERROR', (client) => [
      client.head(1, POST, END_HEADERS),
      windowUpdate(1, 0x7fff_0000),
      settings([4, 0x7fff_ffff]),
    ]),
  ],
  '6.10 CONTINUATION': [
    one('several', 'answer', () => [
      frame(1, END_STREAM, 1, block()),
      frame(9, 0, 1, bytes(0x40, 1, 0x61)),
      frame(9, END_HEADERS, 1, bytes(1, 0x62)),
    ]),
    one('behind a block that has ended', 'GOAWAY PROTOCOL_ERROR', (client) => [
      client.head(1, POST, END_HEADERS),
      frame(9, END_HEADERS, 1, bytes(0x82)),
    ]),
    one('on stream 0', 'GOAWAY PROTOCOL_ERROR', () => [
      frame(1, END_STREAM, 1, block()),
      frame(9, END_HEADERS, 0, bytes(0x82)),
    ]),
    one('behind one that has ended the block', 'GOAWAY PROTOCOL_ERROR', (client) => [
      client.head(1, POST, 0),
      frame(9, END_HEADERS, 1),
      frame(9, END_HEADERS, 1, bytes(0x82)),
    ]),
    one('behind DATA', 'GOAWAY PROTOCOL_ERROR', (client) => [
      client.head(1, POST, END_HEADERS),
      data(1, 'x'),
      frame(9, END_HEADERS, 1, bytes(0x82)),
    ]),
  ],
  '8.1 exchanges': [
    one('HEAD', 'answer', (client) => [client.head(1, [[':method', 'HEAD']])]),
    one('OPTIONS *', 'answer', (client) => [
      client.head(1, [
        [':method', 'OPTIONS'],
        [':path', '*'],
      ]),
    ]),
    one('POST with trailers', 'answer', (client) => [
      client.head(1, POST, END_HEADERS),
      data(1, 'x'),
      frame(1, ENDS, 1, client.block([['x-sum', '1']])),
    ]),
    one('a second HEADERS that does not end the stream', 'RST_STREAM PROTOCOL_ERROR', (client) => [
      client.head(1, POST, END_HEADERS),
      frame(1, END_HEADERS, 1, client.block([['x-a', 'b']])),
    ]),
    one('a pseudo-header field in trailers', 'RST_STREAM PROTOCOL_ERROR', (client) => [
      client.head(1, POST, END_HEADERS),
      frame(1, ENDS, 1, client.block([[':method', 'GET']])),
    ]),
    one('Content-Length that is not the sum of two DATA', 'RST_STREAM PROTOCOL_ERROR', (client) => [
      client.head(1, [...POST, ['content-length', '1']], END_HEADERS),
      data(1, 'a'),
      data(1, 'b', 1),
    ]),
  ],
  'RFC 7541': [
    one('2.3.3 an index that no table has', 'GOAWAY COMPRESSION_ERROR', () => [
      frame(1, ENDS, 1, block(0xc6)),
    ]),
    one('4.2 a table size update at the end of a block', 'GOAWAY COMPRESSION_ERROR', () => [
      frame(1, ENDS, 1, block(0x3f, 0x00)),
    ]),
    one('4.2 table size updates at the beginning', 'answer', () => [
      frame(1, ENDS, 1, Buffer.concat([bytes(0x20, 0x3f, 0xe1, 0x1f), block()])),
    ]),
    one('5.2 padding of a Huffman code of more than 7 bits', 'GOAWAY COMPRESSION_ERROR', () => [
      frame(1, ENDS, 1, block(0x00, 0x01, 0x61, 0x82, 0x1f, 0xff)),
    ]),
    one('5.2 padding of a Huffman code that is not of ones', 'GOAWAY COMPRESSION_ERROR', () => [
      frame(1, ENDS, 1, block(0x00, 0x01, 0x61, 0x81, 0x18)),
    ]),
    one('5.2 the end of the string in a Huffman code', 'GOAWAY COMPRESSION_ERROR', () => [
      frame(1, ENDS, 1, block(0x00, 0x01, 0x61, 0x84, 0xff, 0xff, 0xff, 0xff)),
    ]),
    one('6.1 index 0', 'GOAWAY COMPRESSION_ERROR', () => [frame(1, ENDS, 1, block(0x80))]),
    one('6.2 each kind of literal', 'answer', () => [
      frame(1, ENDS, 1, block(0x40, 1, 0x61, 1, 0x62, 0x00, 1, 0x63, 1, 0x64, 0x10, 1, 0x65, 1, 0x66, 0xbe)),
    ]),
    one('6.3 a table size above SETTINGS_HEADER_TABLE_SIZE', 'GOAWAY COMPRESSION_ERROR', () => [
      frame(1, ENDS, 1, Buffer.concat([bytes(0x3f, 0xe2, 0x1f), block()])),
    ]),
  ],
  'frames that are cut short by the next': [
    one(
      'a frame whose length is more than what is sent of it takes the next for its own',
      'GOAWAY FRAME_SIZE_ERROR',
      () => [withLength(9, 6, 0, 8), SETTINGS],
    ),
  ],
}

/** Answers when the request is whole, and not at all where it is asked for "/never". */
const handler: Handler = async ({ request }) => {
  if (request.path === '/never') return new Promise(() => {})
  await collect(request.body)
  return new HttpResponse(200, new HeaderList(), bodyFrom('ok'))
}

for (const [section, cases] of Object.entries(SPEC_CASES)) {
  describe(`RFC 7540 ${section}`, () => {
    for (const each of cases) {
      test(`${each.name}, which gets ${each.expected}`, async (t) => {
        const server = await serve(t, handler)
        await play(each, await server.client())
      })
    }
  })
}

async function play({ send, behind, expected }: SpecCase, client: RawClient): Promise<void> {
  client.send(...send(client))
  if (behind !== undefined) {
    await client.until('DATA+END 1')
    client.send(...behind(client))
  }
  const [kind, code] = expected.split(' ')
  if (kind === 'GOAWAY') {
    const lines = await client.gone()
    assert.match(lines.at(-1) ?? '', new RegExp(`^GOAWAY \\d+ ${code}$`), lines.join(' | '))
    return
  }
  if (kind === 'RST_STREAM') await client.until(`RST_STREAM 1 ${code}`)
  else if (expected === 'answer, and the end') {
    await client.until('DATA+END 1')
    await client.gone()
    return
  } else if (expected === 'answer') await client.until('HEADERS')
  // The connection goes on, whatever became of the stream; unless it is the client who ends it.
  client.send(ping('go-on???'))
  await client.until('PING+ACK 0 go-on???')
}
