import { frame, uint32 } from '../frames.ts'
import type { Pair } from '../hpack-blocks.ts'
import { data } from '../raw-client.ts'
import { block, END_HEADERS, fields, POST, REQUEST, type SpecCase, spec, without } from './spec-case.ts'

const MALFORMED = 'RST_STREAM 1 PROTOCOL_ERROR'

const twice = (name: string): Pair[] => [...REQUEST, ...REQUEST.filter((pair) => pair[0] === name)]
/** A request of these fields and no content. */
const malformed = (id: string | undefined, name: string, all: readonly Pair[]): SpecCase =>
  spec(id, name, MALFORMED, (client) => [fields(client, all)])

/** RFC 7540 section 8: messages. */
export const MESSAGE_CASES: readonly SpecCase[] = [
  spec('http2/8.1/1', 'a second HEADERS that does not end the stream', MALFORMED, (client) => [
    client.head(1, POST, END_HEADERS),
    fields(client, [['x-a', 'b']], END_HEADERS),
  ]),
  malformed('http2/8.1.2/1', 'a name in upper case', [...REQUEST, ['X-TEST', 'ok']]),
  malformed('http2/8.1.2.1/1', 'a pseudo-header field that is not known', [...REQUEST, [':test', 'ok']]),
  malformed('http2/8.1.2.1/2', 'a pseudo-header field of responses', [...REQUEST, [':status', '200']]),
  spec('http2/8.1.2.1/3', 'a pseudo-header field in trailers', MALFORMED, (client) => [
    client.head(1, POST, END_HEADERS),
    fields(client, [[':method', 'GET']]),
  ]),
  malformed('http2/8.1.2.1/4', 'a pseudo-header field behind another field', [['x-test', 'ok'], ...REQUEST]),
  malformed('http2/8.1.2.2/1', 'Connection', [...REQUEST, ['connection', 'keep-alive']]),
  malformed('http2/8.1.2.2/2', 'TE with something else than "trailers"', [
    ...REQUEST,
    ['trailers', 'test'],
    ['te', 'trailers, deflate'],
  ]),
  malformed('http2/8.1.2.3/1', 'an empty :path', [...without(':path'), [':path', '']]),
  malformed('http2/8.1.2.3/2', 'no :method', without(':method')),
  malformed('http2/8.1.2.3/3', 'no :scheme', without(':scheme')),
  malformed('http2/8.1.2.3/4', 'no :path', without(':path')),
  malformed('http2/8.1.2.3/5', ':method twice', twice(':method')),
  malformed('http2/8.1.2.3/6', ':scheme twice', twice(':scheme')),
  malformed('http2/8.1.2.3/7', ':path twice', twice(':path')),
  malformed(undefined, ':authority twice', twice(':authority')),
  spec('http2/8.1.2.6/1', 'Content-Length that is not that of DATA', MALFORMED, (client) => [
    client.head(1, [...POST, ['content-length', '1']], END_HEADERS),
    data(1, 'test', 1),
  ]),
  spec('http2/8.1.2.6/2', 'Content-Length that is not the sum of two DATA', MALFORMED, (client) => [
    client.head(1, [...POST, ['content-length', '1']], END_HEADERS),
    data(1, 'a'),
    data(1, 'b', 1),
  ]),
  spec('http2/8.2/1', 'PUSH_PROMISE', 'GOAWAY PROTOCOL_ERROR', (client) => [
    client.head(1, POST, END_HEADERS),
    frame(5, END_HEADERS, 1, Buffer.concat([uint32(2), block()])),
  ]),
]
