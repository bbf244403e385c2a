import { frame, SETTINGS } from '../frames.ts'
import { huffman, plain } from '../hpack-blocks.ts'
import { data, goaway, ping, reset, settings, windowUpdate } from '../raw-client.ts'
import {
  ANSWER,
  block,
  bytes,
  END_HEADERS,
  END_STREAM,
  ENDS,
  fields,
  head,
  PADDED,
  POST,
  PRIORITY,
  priority,
  type SpecCase,
  spec,
} from './spec-case.ts'

/** The ways to write a name and a value, in the order of h2spec. */
const WAYS = [
  { how: 'an indexed name', text: plain, byIndex: true },
  { how: 'an indexed name, in Huffman code', text: huffman, byIndex: true },
  { how: 'a new name', text: plain, byIndex: false },
  { how: 'a new name, in Huffman code', text: huffman, byIndex: false },
]
/** User-Agent is entry 58 of the static table: beyond four bits, a byte follows. */
const KINDS = [
  { kind: 'with indexing', first: 0x40, userAgent: bytes(0x7a) },
  { kind: 'without indexing', first: 0x00, userAgent: bytes(0x0f, 43) },
  { kind: 'never indexed', first: 0x10, userAgent: bytes(0x1f, 43) },
]

/** A literal of each kind, with its name by index or new, in Huffman code or not. */
const LITERALS: readonly SpecCase[] = KINDS.flatMap(({ kind, first, userAgent }, which) =>
  WAYS.map(({ how, text, byIndex }, way) => {
    const name = byIndex ? userAgent : Buffer.concat([bytes(first), text('x-test')])
    const whole = Buffer.concat([block(), name, text('h2spec')])
    return spec(`generic/5/${2 + 4 * which + way}`, `a literal ${kind}, with ${how}`, ANSWER, () => [
      frame(1, ENDS, 1, whole),
    ])
  }),
)

/** What any server can: its answer is asked for in all ways that there are. */
export const GENERIC_CASES: readonly SpecCase[] = [
  spec('generic/1/1', 'a preface', 'goes on', () => []),
  spec('generic/2/1', 'PRIORITY of an idle stream', 'goes on', () => [frame(2, 0, 1, priority(0, 255))]),
  spec(
    'generic/2/2',
    'WINDOW_UPDATE of a half-closed stream',
    'DATA 1 o',
    (client) => [settings([4, 0]), head(client)],
    [ANSWER, () => [windowUpdate(1, 1)]],
  ),
  spec(
    'generic/2/3',
    'PRIORITY of a half-closed stream',
    'DATA 1 o',
    (client) => [settings([4, 0]), head(client)],
    [ANSWER, () => [frame(2, 0, 1, priority(0, 255)), windowUpdate(1, 1)]],
  ),
  spec('generic/2/4', 'RST_STREAM of a half-closed stream', 'goes on', (client) => [head(client), reset(1)]),
  spec('generic/2/5', 'PRIORITY of a closed stream', 'goes on', (client) => [head(client)], [
    'DATA+END 1',
    () => [frame(2, 0, 1, priority(0, 255))],
  ]),
  spec('generic/3.1/1', 'DATA', ANSWER, (client) => [client.head(1, POST, END_HEADERS), data(1, 'x', 1)]),
  spec('generic/3.1/2', 'several DATA', ANSWER, (client) => [
    client.head(1, POST, END_HEADERS),
    data(1, 'a'),
    data(1, 'b', 1),
  ]),
  spec('generic/3.1/3', 'padded DATA', ANSWER, (client) => [
    client.head(1, POST, END_HEADERS),
    frame(0, END_STREAM | PADDED, 1, bytes(2, 0x78, 0, 0)),
  ]),
  spec('generic/3.2/1', 'HEADERS', ANSWER, (client) => [head(client)]),
  spec('generic/3.2/2', 'padded HEADERS', ANSWER, () => [
    frame(1, ENDS | PADDED, 1, Buffer.concat([bytes(2), block(), bytes(0, 0)])),
  ]),
  spec('generic/3.2/3', 'HEADERS with a priority', ANSWER, () => [
    frame(1, ENDS | PRIORITY, 1, Buffer.concat([priority(0), block()])),
  ]),
  spec(undefined, 'padded HEADERS with a priority', ANSWER, () => [
    frame(1, ENDS | PRIORITY | PADDED, 1, Buffer.concat([bytes(1), priority(0), block(), bytes(0)])),
  ]),
  spec('generic/3.3/1', 'PRIORITY of weight 1', ANSWER, (client) => [
    frame(2, 0, 1, priority(0, 0)),
    head(client),
  ]),
  spec('generic/3.3/2', 'PRIORITY of weight 256', ANSWER, (client) => [
    frame(2, 0, 1, priority(0, 255)),
    head(client),
  ]),
  spec('generic/3.3/3', 'PRIORITY with a dependency', ANSWER, (client) => [
    frame(2, 0, 1, priority(0)),
    frame(2, 0, 3, priority(1)),
    head(client),
  ]),
  spec('generic/3.3/4', 'PRIORITY with an exclusive dependency', ANSWER, (client) => [
    frame(2, 0, 1, priority(0)),
    frame(2, 0, 3, priority(0x8000_0001)),
    head(client),
  ]),
  spec('generic/3.3/5', 'PRIORITY of an idle stream, HEADERS of one below', ANSWER, (client) => [
    frame(2, 0, 3, priority(0)),
    head(client),
  ]),
  spec('generic/3.4/1', 'RST_STREAM', 'goes on', (client) => [client.head(1, POST, END_HEADERS), reset(1)]),
  spec('generic/3.5/1', 'SETTINGS', 'SETTINGS+ACK', () => [settings([1, 4096], [3, 100])]),
  spec('generic/3.7/1', 'PING', 'PING+ACK 0 answerme', () => [ping('answerme')]),
  spec('generic/3.8/1', 'GOAWAY', 'the end', () => [goaway(0)]),
  spec('generic/3.9/1', 'WINDOW_UPDATE of the connection', ANSWER, (client) => [
    windowUpdate(0, 1),
    head(client),
  ]),
  spec('generic/3.9/2', 'WINDOW_UPDATE of a stream', 'DATA+END 1 ok', (client) => [
    client.head(1, POST, END_HEADERS),
    windowUpdate(1, 1),
    data(1, 'x', 1),
  ]),
  spec('generic/3.10/1', 'CONTINUATION', ANSWER, () => [
    frame(1, END_STREAM, 1, block()),
    frame(9, END_HEADERS, 1, bytes(0x40, 1, 0x61, 1, 0x62)),
  ]),
  spec('generic/3.10/2', 'several CONTINUATION', ANSWER, () => [
    frame(1, END_STREAM, 1, block()),
    frame(9, 0, 1, bytes(0x40, 1, 0x61)),
    frame(9, END_HEADERS, 1, bytes(1, 0x62)),
  ]),
  spec('generic/4/1', 'GET', ANSWER, (client) => [head(client)]),
  spec('generic/4/2', 'HEAD', 'HEADERS+END 1 :status=200', (client) => [
    client.head(1, [[':method', 'HEAD']]),
  ]),
  spec('generic/4/3', 'POST', ANSWER, (client) => [client.head(1, POST, END_HEADERS), data(1, 'x', 1)]),
  spec('generic/4/4', 'POST with trailers', ANSWER, (client) => [
    client.head(1, POST, END_HEADERS),
    data(1, 'x'),
    fields(client, [['x-sum', '1']]),
  ]),
  spec(undefined, 'OPTIONS *', ANSWER, (client) => [
    client.head(1, [
      [':method', 'OPTIONS'],
      [':path', '*'],
    ]),
  ]),
  spec('generic/5/1', 'a field of the static table', ANSWER, () => [frame(1, ENDS, 1, block(0x90))]),
  ...LITERALS,
  spec('generic/5/14', 'a table size update', ANSWER, () => [
    frame(1, ENDS, 1, Buffer.concat([bytes(0x20), block()])),
  ]),
  spec('generic/5/15', 'two table size updates', ANSWER, () => [
    frame(1, ENDS, 1, Buffer.concat([bytes(0x20, 0x3f, 0xe1, 0x1f), block()])),
  ]),
  spec(undefined, 'HEADER_TABLE_SIZE of 0 and back', ANSWER, (client) => [
    settings([1, 0], [1, 4096]),
    head(client),
  ]),
  spec(undefined, 'SETTINGS that are empty', 'SETTINGS+ACK', () => [SETTINGS]),
]
