import { test } from 'node:test'
import { parseChallenges } from '../src/fields/challenge.ts'
import { ChunkedDecoder } from '../src/h1/chunked.ts'
import { WireFault } from '../src/h1/fault.ts'
import { listHas } from '../src/h1/framing.ts'
import { HeadBuffer } from '../src/h1/head-buffer.ts'
import { takeIn } from '../src/h1/intake.ts'
import { takeInResponse } from '../src/h1/response-intake.ts'
import { requestHead } from '../src/h1/write-head.ts'
import { responseHead } from '../src/h1/write-response-head.ts'
import { bodyFrom } from '../src/message/body.ts'
import { Exchange } from '../src/message/exchange.ts'
import { HeaderList } from '../src/message/headers.ts'
import { resolveReference } from '../src/message/resolve-reference.ts'
import { HttpRequest } from '../src/message/request.ts'
import { HttpResponse } from '../src/message/response.ts'
import { canonicalAuthority, canonicalPath, checkQuery } from '../src/message/target.ts'
import { digestChallenge } from '../src/policies/auth/digest-response.ts'
import { CookieJar } from '../src/policies/cookies/cookie-jar.ts'
import { parseCodings } from '../src/policies/decompress/content-coding.ts'
import { isShareable } from '../src/policies/dedupe/dedupe-key.ts'
import { forwarding } from '../src/policies/forwarding.ts'
import { addressBehind, claimedScheme, type ClientClaims } from '../src/policies/seen-client.ts'
import { encodeGrpcMessage, isGrpc, mayBeGrpc } from '../src/fields/grpc.ts'
import { clientNetwork } from '../src/policies/rate-limit/client-network.ts'
import { decideRedirect } from '../src/policies/redirect/redirect-decision.ts'
import { redactQuery } from '../src/telemetry/redact.ts'
import { recordBody, recordHeaders } from '../src/testing/recording.ts'
import { VirtualClock } from '../src/testing/virtual-clock.ts'
import { readHost } from '../src/upstream/guard/addresses.ts'
import { parseNoProxy } from '../src/upstream/proxy/no-proxy.ts'
import { assertLinear, type LinearWork, type Parser } from './linear-work.ts'

const LIMITS = { head: Infinity, fields: Infinity, target: Infinity }
const HERE = {
  scheme: 'http',
  authority: { host: 'a', port: undefined, text: 'a' },
  path: '/a/b',
  query: '',
} as const
const PEER = { address: '127.0.0.1', port: 1, encrypted: false }
const AS_SENT = { encodedSlash: 'pass', slashes: 'keep' } as const

/** All that happens to the head of a request on its way through: read, judged, forwarded, written. */
function forward(text: string): void {
  const found = new HeadBuffer(Infinity, 'malformed_request').take(Buffer.from(text, 'latin1'))
  if (found === undefined || found instanceof WireFault) return
  const intake = takeIn(found, { limits: LIMITS }, 'http')
  if (intake instanceof WireFault) return
  const exchange = new Exchange(intake.request, new VirtualClock(), PEER)
  void forwarding()(() => Promise.resolve(new HttpResponse(204)))(exchange)
  requestHead(exchange.request, 0, undefined)
}

function answer(text: string): void {
  const found = new HeadBuffer(Infinity, 'malformed_response').take(Buffer.from(text, 'latin1'))
  if (found === undefined || found instanceof WireFault) return
  const intake = takeInResponse(found, HttpRequest.to('http://a/'), LIMITS)
  if (intake instanceof WireFault) return
  const { status, headers } = intake
  responseHead({ status, headers, framing: 0, connection: undefined, upgrade: undefined, date: '' })
}

/** A head that comes byte by byte. */
function headInBytes(text: string): void {
  const head = new HeadBuffer(Infinity, 'malformed_request')
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at < bytes.length; at++) {
    if (head.take(bytes.subarray(at, at + 1)) !== undefined) return
  }
}

function chunks(text: string, size: number): void {
  const decoder = new ChunkedDecoder(LIMITS, 'malformed_request')
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at < bytes.length && !decoder.done; at += size) {
    if (decoder.feed(bytes.subarray(at, at + size), 0, () => {}) instanceof WireFault) return
  }
}

function redirect(location: string): void {
  const request = { method: 'GET', url: HERE, body: bodyFrom('') }
  decideRedirect(request as never, { status: 302, location } as never) // what else they hold is not looked at
}

/** What a peer that is trusted says, with all before it trusted as well. */
function readClaims(claims: ClientClaims): void {
  addressBehind(claims, '192.0.2.1', () => true)
  claimedScheme(claims, () => true)
}

function digest(text: string): void {
  const challenge = `Digest realm="a", nonce="b", algorithm="${text}", qop="${text}"`
  digestChallenge(parseChallenges(challenge) ?? [])
}

function manyLines(text: string): void {
  const headers = new HeaderList()
  for (const value of text.split(/[,;]/)) headers.add('a', value)
  headers.get('a')
  headers.getAll('a')
  headers.set('a', 'b')
  headers.delete('a')
}

function recorded(text: string): void {
  for (const name of ['cookie', 'set-cookie', 'location', 'a']) {
    const headers = new HeaderList()
    headers.add(name, text)
    recordHeaders(headers)
  }
}

const TARGETS: LinearWork = { before: ['/', '/a?', 'http://', 'http://a/'] }
const IN_BYTES = ['a', ' ', '\r', 'a:\r\n', '\r\n', ';a=b', '1\r\na\r\n', '"']
const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n'
const RESPONSE = 'HTTP/1.1 200\r\n'

/** Everything else that reads what a peer sends. */
const PARSERS: Readonly<Record<string, Parser>> = {
  'the head of a request': [
    forward,
    { before: ['GET /', REQUEST, `${REQUEST}a: `, `${REQUEST}Connection: `], behind: ['\r\n\r\n'] },
  ],
  'the head of a response': [
    answer,
    { before: [RESPONSE, `${RESPONSE}Connection: `, `${RESPONSE}Keep-Alive: `], behind: ['\r\n\r\n'] },
  ],
  'a head in bytes': [headInBytes, { before: [REQUEST], behind: ['\r\n\r\n'], parts: IN_BYTES }],
  chunks: [
    (text) => chunks(text, Infinity),
    { before: ['', '1\r\n', '1;a="', '0\r\na: '], behind: ['\r\n\r\n'] },
  ],
  'chunks in bytes': [
    (text) => chunks(text, 1),
    { before: ['1;a="', '0\r\na: ', ''], behind: ['\r\n\r\n'], parts: IN_BYTES },
  ],
  'a list of options': [(text) => listHas(text, 'close')],
  'a path': [(text) => canonicalPath(text), { before: ['/', '/a', '/.', '/%2F'] }],
  'a path with encoded slashes': [
    (text) => canonicalPath(text, AS_SENT),
    { before: ['/', '/a', '/.%3B', '/%2F', '/%2F.;', '/..;'] },
  ],
  'a query': [(text) => checkQuery(text)],
  'an authority': [(text) => canonicalAuthority(text, 81), { before: ['', '['], behind: ['', ']', ':80'] }],
  'a URL': [(text) => HttpRequest.to(text), TARGETS],
  'a reference': [(text) => resolveReference(HERE, text), { before: ['', '/', '/a?', 'http://a'] }],
  'a redirect': [redirect, TARGETS],
  'a query in a log': [redactQuery, { before: ['?', '?key=', '?key'] }],
  'fields in a recording': [recorded, { before: ['', 'a="'] }],
  'content in a recording': [
    (text) => recordBody(Buffer.from(text), 'application/x-www-form-urlencoded'),
    { before: ['', 'key='] },
  ],
  'JSON in a recording': [
    (text) => recordBody(Buffer.from(text), 'application/json'),
    { before: ['', '{"a":"'] },
  ],
  'a challenge of Digest': [digest],
  'a cookie jar': [(text) => new CookieJar().store(HERE, text, 0), { before: ['', 'a=b;Domain='] }],
  'X-Forwarded-Proto': [
    (text) => readClaims({ for: text, proto: text, forwarded: undefined }),
    { before: ['', 'http,'] },
  ],
  'the scheme in Forwarded': [
    (text) => readClaims({ for: undefined, proto: undefined, forwarded: text }),
    { before: ['', 'for=1.1.1.1,'] },
  ],
  'content codings': [parseCodings],
  'a message of gRPC': [encodeGrpcMessage],
  'what may be gRPC': [mayBeGrpc, { before: ['', ',', 'a, '] }],
  'the type of gRPC': [isGrpc, { before: ['', 'application/grpc', 'application/grpc+'] }],
  Vary: [
    (text) => {
      const headers = new HeaderList()
      headers.add('vary', text)
      isShareable(new HttpResponse(200, headers), ['accept'])
    },
  ],
  'the network of a client': [clientNetwork, { before: ['', '::', '::ffff:'] }],
  'a host for the guard': [readHost, { before: ['', '[', '0x', '1.'] }],
  'a list of hosts without a proxy': [
    (text) => parseNoProxy(text).matches('a', 80),
    { before: ['', 'a:'], behind: ['', '['] },
  ],
  'a host compared with patterns': [(text) => parseNoProxy('a*a*a*a*b').matches(text, 80)],
  'many lines of one field': [manyLines],
}

for (const [name, [parse, work]] of Object.entries(PARSERS)) {
  test(`the work for ${name} grows with what a peer sends, not with its square`, () =>
    assertLinear(name, parse, work))
}
