import { frame, uint32 } from '../frames.ts'
import { data, goaway, ping, reset, settings, windowUpdate } from '../raw-client.ts'
import {
  ANSWER,
  block,
  bytes,
  END_HEADERS,
  END_STREAM,
  ENDS,
  head,
  NEVER,
  PADDED,
  POST,
  priority,
  type SpecCase,
  spec,
} from './spec-case.ts'

const PROTOCOL = 'GOAWAY PROTOCOL_ERROR'
const SIZE = 'GOAWAY FRAME_SIZE_ERROR'
const FLOW = 'GOAWAY FLOW_CONTROL_ERROR'
const LARGEST = 0x7fff_ffff

/** RFC 7540 sections 6 and 7: each frame. */
export const FRAME_CASES: readonly SpecCase[] = [
  spec('http2/6.1/1', 'DATA on stream 0', PROTOCOL, () => [data(0, 'x')]),
  spec('http2/6.1/2', 'DATA on a stream that is not open', 'RST_STREAM 1 STREAM_CLOSED', (client) => [
    client.head(1, NEVER),
    data(1, 'x', 1),
  ]),
  spec('http2/6.1/3', 'DATA with padding beyond its end', PROTOCOL, (client) => [
    client.head(1, POST, END_HEADERS),
    frame(0, END_STREAM | PADDED, 1, bytes(9, 0x78)),
  ]),
  spec(undefined, 'DATA that is padded and empty', SIZE, (client) => [
    client.head(1, POST, END_HEADERS),
    frame(0, END_STREAM | PADDED, 1),
  ]),
  spec('http2/6.2/1', 'HEADERS that are not the end of a block, and PRIORITY', PROTOCOL, (client) => [
    head(client, END_STREAM),
    frame(2, 0, 1, priority(0)),
  ]),
  spec(
    'http2/6.2/2',
    'HEADERS that are not the end of a block, and those of another stream',
    PROTOCOL,
    (client) => [head(client, END_STREAM), head(client, ENDS, 3)],
  ),
  spec('http2/6.2/3', 'HEADERS on stream 0', PROTOCOL, () => [frame(1, ENDS, 0, block())]),
  spec('http2/6.2/4', 'HEADERS with padding beyond their end', PROTOCOL, () => [
    frame(1, ENDS | PADDED, 1, bytes(200, 0x82)),
  ]),
  spec('http2/6.3/1', 'PRIORITY on stream 0', PROTOCOL, () => [frame(2, 0, 0, priority(1))]),
  spec('http2/6.3/2', 'PRIORITY of another length than 5', 'RST_STREAM 1 FRAME_SIZE_ERROR', () => [
    frame(2, 0, 1, 'abcd'),
  ]),
  spec('http2/6.4/1', 'RST_STREAM on stream 0', PROTOCOL, () => [reset(0)]),
  spec('http2/6.4/2', 'RST_STREAM of an idle stream', PROTOCOL, () => [reset(1)]),
  spec('http2/6.4/3', 'RST_STREAM of another length than 4', SIZE, (client) => [
    client.head(1, POST, END_HEADERS),
    frame(3, 0, 1, 'abc'),
  ]),
  spec('http2/6.5/1', 'an acknowledgement of SETTINGS that is not empty', SIZE, () => [frame(4, 1, 0, 'x')]),
  spec('http2/6.5/2', 'SETTINGS on a stream', PROTOCOL, () => [frame(4, 0, 1)]),
  spec('http2/6.5/3', 'SETTINGS of no multiple of 6 bytes', SIZE, () => [frame(4, 0, 0, 'xyz')]),
  spec('http2/6.5.2/1', 'ENABLE_PUSH that is neither 0 nor 1', PROTOCOL, () => [settings([2, 2])]),
  spec('http2/6.5.2/2', 'INITIAL_WINDOW_SIZE above 2^31-1', FLOW, () => [settings([4, 0x8000_0000])]),
  spec('http2/6.5.2/3', 'MAX_FRAME_SIZE below 2^14', PROTOCOL, () => [settings([5, 16_383])]),
  spec('http2/6.5.2/4', 'MAX_FRAME_SIZE above 2^24-1', PROTOCOL, () => [settings([5, 0x100_0000])]),
  spec('http2/6.5.2/5', 'a setting that is not known', 'goes on', () => [settings([0xff, 1])]),
  spec('http2/6.5.3/1', 'INITIAL_WINDOW_SIZE twice: the last holds', 'DATA 1 o', (client) => [
    settings([4, 100], [4, 1]),
    head(client),
  ]),
  spec('http2/6.5.3/2', 'SETTINGS are acknowledged', 'SETTINGS+ACK', () => [settings([2, 0])]),
  spec('http2/6.7/1', 'PING is answered', 'PING+ACK 0 h2spec00', () => [ping('h2spec00')]),
  spec('http2/6.7/2', 'an acknowledgement of a PING is not answered', 'PING+ACK 0 answered', () => [
    ping('unasked!', 1),
    ping('answered'),
  ]),
  spec('http2/6.7/3', 'PING on a stream', PROTOCOL, () => [frame(6, 0, 1, '01234567')]),
  spec('http2/6.7/4', 'PING of another length than 8', SIZE, () => [frame(6, 0, 0, '012345')]),
  spec('http2/6.8/1', 'GOAWAY on a stream', PROTOCOL, () => [frame(7, 0, 1, uint32(0, 0))]),
  spec(undefined, 'GOAWAY that is too short', SIZE, () => [frame(7, 0, 0, uint32(0))]),
  spec('http2/6.9/1', 'WINDOW_UPDATE by 0, of the connection', PROTOCOL, () => [windowUpdate(0, 0)]),
  spec('http2/6.9/2', 'WINDOW_UPDATE by 0, of a stream', 'RST_STREAM 1 PROTOCOL_ERROR', (client) => [
    client.head(1, POST, END_HEADERS),
    windowUpdate(1, 0),
  ]),
  spec('http2/6.9/3', 'WINDOW_UPDATE of another length than 4', SIZE, () => [frame(8, 0, 0, 'abc')]),
  spec('http2/6.9.1/1', 'a window of 1 byte lets one byte pass', 'DATA 1 o', (client) => [
    settings([4, 1]),
    head(client),
  ]),
  spec('http2/6.9.1/2', 'a window above 2^31-1, of the connection', FLOW, () => [
    windowUpdate(0, LARGEST),
    windowUpdate(0, LARGEST),
  ]),
  spec('http2/6.9.1/3', 'a window above 2^31-1, of a stream', 'RST_STREAM 1 FLOW_CONTROL_ERROR', (client) => [
    client.head(1, NEVER),
    windowUpdate(1, LARGEST),
    windowUpdate(1, LARGEST),
  ]),
  spec(
    'http2/6.9.2/1',
    'a window that grows by SETTINGS when the request is here',
    'DATA 1 o',
    (client) => [settings([4, 0]), head(client)],
    [ANSWER, () => [settings([4, 1])]],
  ),
  spec(
    'http2/6.9.2/2',
    'a window that SETTINGS have made negative',
    'DATA 1 o',
    (client) => [settings([4, 3]), client.head(1, [[':path', '/long']])],
    ['DATA 1 a l', () => [settings([4, 2])]],
    ['SETTINGS+ACK', () => [windowUpdate(1, 1), ping('nothing?')]],
    ['PING+ACK 0 nothing?', () => [windowUpdate(1, 1)]],
  ),
  spec('http2/6.9.2/3', 'a window above 2^31-1 by SETTINGS', FLOW, () => [settings([4, 0x8000_0000])]),
  spec(undefined, 'SETTINGS that make a stream’s window larger than 2^31-1', FLOW, (client) => [
    client.head(1, POST, END_HEADERS),
    windowUpdate(1, 0x7fff_0000),
    settings([4, LARGEST]),
  ]),
  spec('http2/6.10/1', 'several CONTINUATION behind HEADERS', ANSWER, () => [
    frame(1, END_STREAM, 1, block()),
    frame(9, 0, 1, bytes(0x40, 1, 0x61)),
    frame(9, END_HEADERS, 1, bytes(1, 0x62)),
  ]),
  spec('http2/6.10/2', 'another frame behind CONTINUATION that does not end the block', PROTOCOL, () => [
    frame(1, END_STREAM, 1, block()),
    frame(9, 0, 1, bytes(0x82)),
    data(1, 'x'),
  ]),
  spec('http2/6.10/3', 'CONTINUATION on stream 0', PROTOCOL, () => [
    frame(1, END_STREAM, 1, block()),
    frame(9, END_HEADERS, 0, bytes(0x82)),
  ]),
  spec('http2/6.10/4', 'CONTINUATION behind a block that has ended', PROTOCOL, (client) => [
    client.head(1, POST, END_HEADERS),
    frame(9, END_HEADERS, 1, bytes(0x82)),
  ]),
  spec('http2/6.10/5', 'CONTINUATION behind one that has ended the block', PROTOCOL, (client) => [
    client.head(1, POST, 0),
    frame(9, END_HEADERS, 1),
    frame(9, END_HEADERS, 1, bytes(0x82)),
  ]),
  spec('http2/6.10/6', 'CONTINUATION behind DATA', PROTOCOL, (client) => [
    client.head(1, POST, END_HEADERS),
    data(1, 'x'),
    frame(9, END_HEADERS, 1, bytes(0x82)),
  ]),
  spec(
    'http2/7/1',
    'GOAWAY with an unknown code, while a stream is open',
    'the end',
    (client) => [client.head(1, POST, END_HEADERS), goaway(0, 0xff), data(1, 'x', 1)],
    ['DATA+END 1', () => []],
  ),
  spec('http2/7/2', 'RST_STREAM with an unknown code', 'goes on', (client) => [
    client.head(1, POST, END_HEADERS),
    reset(1, 0xff),
  ]),
]
