import { frame } from '../frames.ts'
import { data, ping, reset, settings, windowUpdate } from '../raw-client.ts'
import {
  ANSWER,
  block,
  bytes,
  END_HEADERS,
  END_STREAM,
  ENDS,
  head,
  NEVER,
  POST,
  PRIORITY,
  priority,
  type Send,
  type SpecCase,
  spec,
} from './spec-case.ts'

const PROTOCOL = 'GOAWAY PROTOCOL_ERROR'
const CLOSED = 'GOAWAY STREAM_CLOSED'
const SIZE = 'GOAWAY FRAME_SIZE_ERROR'
const CONTINUATION = frame(9, END_HEADERS, 1, block())

const withReserved = (whole: Buffer): Buffer => {
  whole[5] = (whole[5] ?? 0) | 0x80
  return whole
}
const withLength = (length: number, whole: Buffer): Buffer => {
  whole.writeUIntBE(length, 0, 3)
  return whole
}
/** Sent when stream 1 was answered, and is closed for that. */
const answered = (
  id: string | undefined,
  name: string,
  expected: SpecCase['expected'],
  send: Send,
): SpecCase => spec(id, name, expected, (client) => [head(client)], ['DATA+END 1', send])

/** RFC 7540 sections 3 to 5: connections, frames, streams. */
export const STREAM_CASES: readonly SpecCase[] = [
  spec('http2/3.5/1', 'a preface is answered by SETTINGS', 'goes on', () => []),
  {
    ...spec('http2/3.5/2', 'a preface that is none', 'the end', () => ['INVALID CONNECTION PREFACE\r\n\r\n']),
    bare: true,
  },
  spec(undefined, 'a second preface is a frame that is none', SIZE, () => [
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ]),
  spec('http2/4.1/1', 'a frame of an unknown type is ignored', 'goes on', () => [
    frame(0x16, 0, 0, 'unknown'),
  ]),
  spec('http2/4.1/2', 'flags that mean nothing are ignored', 'goes on', () => [
    frame(6, 0x16, 0, '01234567'),
  ]),
  spec('http2/4.1/3', 'the reserved bit is ignored', 'goes on', () => [
    withReserved(frame(6, 0, 0, '01234567')),
  ]),
  spec(undefined, 'the reserved bit of a stream is ignored', ANSWER, (client) => [
    withReserved(head(client)),
  ]),
  spec('http2/4.2/1', 'DATA of 2^14 bytes', ANSWER, (client) => [
    client.head(1, POST, END_HEADERS),
    data(1, Buffer.alloc(16_384), 1),
  ]),
  spec('http2/4.2/2', 'DATA of more', SIZE, (client) => [
    client.head(1, POST, END_HEADERS),
    data(1, Buffer.alloc(16_385), 1),
  ]),
  spec('http2/4.2/3', 'HEADERS of more', SIZE, () => [frame(1, ENDS, 1, Buffer.alloc(16_385))]),
  spec(
    undefined,
    'a frame whose length is more than what is sent of it takes the next for its own',
    SIZE,
    () => [withLength(9, frame(6, 0, 0, '12345678')), settings()],
  ),
  spec('http2/4.3/1', 'a block that cannot be decoded', 'GOAWAY COMPRESSION_ERROR', () => [
    frame(1, ENDS, 1, bytes(0x40, 0x85)),
  ]),
  spec('http2/4.3/2', 'PRIORITY within a block', PROTOCOL, (client) => [
    head(client, END_STREAM),
    frame(2, 0, 1, priority(0)),
  ]),
  spec('http2/4.3/3', 'HEADERS of another stream within a block', PROTOCOL, (client) => [
    head(client, END_STREAM),
    head(client, ENDS, 3),
  ]),
  spec('http2/5.1/1', 'idle: DATA', PROTOCOL, () => [data(1, 'x', 1)]),
  spec('http2/5.1/2', 'idle: RST_STREAM', PROTOCOL, () => [reset(1)]),
  spec('http2/5.1/3', 'idle: WINDOW_UPDATE', PROTOCOL, () => [windowUpdate(1, 1)]),
  spec('http2/5.1/4', 'idle: CONTINUATION', PROTOCOL, () => [CONTINUATION]),
  spec('http2/5.1/5', 'half-closed (remote): DATA', 'RST_STREAM 1 STREAM_CLOSED', (client) => [
    client.head(1, NEVER),
    data(1, 'x', 1),
  ]),
  spec('http2/5.1/6', 'half-closed (remote): HEADERS', 'RST_STREAM 1 STREAM_CLOSED', (client) => [
    client.head(1, NEVER),
    client.head(1),
  ]),
  spec('http2/5.1/7', 'half-closed (remote): CONTINUATION', PROTOCOL, (client) => [
    client.head(1, NEVER),
    CONTINUATION,
  ]),
  spec('http2/5.1/8', 'closed by RST_STREAM: DATA', 'RST_STREAM 1 STREAM_CLOSED', (client) => [
    client.head(1, POST, END_HEADERS),
    reset(1),
    data(1, 'x'),
  ]),
  spec('http2/5.1/9', 'closed by RST_STREAM: HEADERS', CLOSED, (client) => [
    client.head(1, POST, END_HEADERS),
    reset(1),
    client.head(1),
  ]),
  spec('http2/5.1/10', 'closed by RST_STREAM: CONTINUATION', PROTOCOL, (client) => [
    client.head(1, POST, END_HEADERS),
    reset(1),
    CONTINUATION,
  ]),
  // A connection error by RFC 7540, of which RFC 9113 has made one of the stream.
  answered('http2/5.1/11', 'closed: DATA', 'RST_STREAM 1 STREAM_CLOSED', () => [data(1, 'x', 1)]),
  answered('http2/5.1/12', 'closed: HEADERS', CLOSED, (client) => [head(client)]),
  answered('http2/5.1/13', 'closed: CONTINUATION', PROTOCOL, () => [CONTINUATION]),
  answered(undefined, 'closed: PRIORITY, WINDOW_UPDATE and RST_STREAM are ignored', 'goes on', () => [
    frame(2, 0, 1, priority(0)),
    windowUpdate(1, 1),
    reset(1),
  ]),
  spec('http2/5.1.1/1', 'a stream of an even number', PROTOCOL, (client) => [head(client, ENDS, 2)]),
  spec('http2/5.1.1/2', 'a stream of a number below that of an earlier one', CLOSED, (client) => [
    head(client, ENDS, 5),
    head(client, ENDS, 3),
  ]),
  spec(
    'http2/5.1.2/1',
    'more streams than are allowed at a time',
    'RST_STREAM 201 REFUSED_STREAM',
    (client) => Array.from({ length: 101 }, (_, index) => client.head(2 * index + 1, NEVER)),
  ),
  spec('http2/5.3.1/1', 'HEADERS of a stream that depends on itself', 'RST_STREAM 1 PROTOCOL_ERROR', () => [
    frame(1, ENDS | PRIORITY, 1, Buffer.concat([priority(1), block()])),
  ]),
  spec('http2/5.3.1/2', 'PRIORITY of a stream that depends on itself', 'RST_STREAM 1 PROTOCOL_ERROR', () => [
    frame(2, 0, 1, priority(1)),
  ]),
  spec(undefined, 'an exclusive dependency on a stream that is not there', ANSWER, () => [
    frame(1, ENDS | PRIORITY, 1, Buffer.concat([priority(0x8000_0005, 255), block()])),
  ]),
  spec('http2/5.4.1/1', 'a fault ends the connection', 'the end', () => [frame(6, 0, 0, '012345678')]),
  spec('http2/5.4.1/2', 'a fault is told by GOAWAY first', SIZE, () => [frame(6, 0, 0, '012345678')]),
  spec('http2/5.5/1', 'an unknown frame', 'goes on', () => [frame(0xff, 0, 0, 'x')]),
  spec(undefined, 'an unknown frame on a stream', ANSWER, (client) => [head(client), frame(0x16, 0, 1, 'x')]),
  spec('http2/5.5/2', 'an unknown frame within a block', PROTOCOL, (client) => [
    head(client, END_STREAM),
    frame(0x16, 0, 1, 'x'),
  ]),
  spec(undefined, 'a PING within a block', PROTOCOL, (client) => [
    head(client, END_STREAM),
    ping('12345678'),
  ]),
]
