import { test } from 'node:test'
import { acceptedCoding } from '../../src/fields/accept-encoding.ts'
import { askedRanges } from '../../src/fields/byte-ranges.ts'
import { parseAuthParameters, parseChallenges } from '../../src/fields/challenge.ts'
import { parseContentRange } from '../../src/fields/content-range.ts'
import { cookieValue } from '../../src/fields/cookie.ts'
import { EventStreamParser } from '../../src/fields/event-stream.ts'
import { comparedText, fieldText } from '../../src/fields/field-text.ts'
import { parseForwarded, parseForwardedNode, parseXForwardedFor } from '../../src/fields/forwarded.ts'
import { connectionNames, linePasses } from '../../src/fields/hop-by-hop.ts'
import { parseHttpDate } from '../../src/fields/http-date.ts'
import { keepAliveTerms } from '../../src/fields/keep-alive.ts'
import { parseLinks } from '../../src/fields/link.ts'
import { hopsLeft } from '../../src/fields/max-forwards.ts'
import { prefersJson } from '../../src/fields/media.ts'
import { parseQuotas } from '../../src/fields/rate-limit.ts'
import { parseRequestTimeout } from '../../src/fields/request-timeout.ts'
import { parseRetryAfter } from '../../src/fields/retry-after.ts'
import { parseCookieDate, parseSetCookie } from '../../src/fields/set-cookie.ts'
import { parseDictionary, parseItem, parseList } from '../../src/fields/structured.ts'
import { HeaderLine } from '../../src/message/header-line.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { assertLinear, type Parser } from '../linear-work.ts'

function fields(name: string, value: string): HeaderList {
  const headers = new HeaderList()
  headers.add(name, value)
  return headers
}

function events(text: string, size: number): void {
  const parser = new EventStreamParser(Infinity)
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size))
}

const FILTER = {
  dropXForwarded: true,
  dropXClaims: true,
  dropForwarded: true,
  ownFields: new Set(['a']),
  named: undefined,
}

/** Everything that reads the value of a field, and event streams. */
const PARSERS: Readonly<Record<string, Parser>> = {
  challenges: [parseChallenges, { before: ['', 'Basic ', 'Digest a="'] }],
  'authentication parameters': [parseAuthParameters, { before: ['', 'a', 'a=', 'a="'] }],
  'Content-Range': [parseContentRange, { before: ['', 'bytes ', 'bytes 1-'] }],
  'a cookie': [(text) => cookieValue(text, 'a'), { before: ['', 'b="'] }],
  'Set-Cookie': [
    (text) => parseSetCookie(text, 0),
    { before: ['', 'a=b', 'a=b;', 'a=b;Domain=', 'a=b;Path=', 'a=b;Expires=', 'a=b;Max-Age='] },
  ],
  'the date of a cookie': [parseCookieDate, { before: ['', '1:1:1', '1 Jan '] }],
  'an event stream': [(text) => events(text, 64 * 1024), { before: ['', 'data:', 'id:', 'retry:'] }],
  'an event stream in small reads': [(text) => events(text, 8), { before: ['', 'data:'] }],
  'a value as text': [fieldText],
  'a value to be compared': [comparedText],
  Forwarded: [parseForwarded, { before: ['', 'for=', 'for="'] }],
  'a node of Forwarded': [parseForwardedNode, { before: ['', '[', '_', '1:'] }],
  'X-Forwarded-For': [parseXForwardedFor],
  Connection: [(text) => connectionNames(text, new Set(['a']))],
  'the name of a field': [(text) => linePasses(new HeaderLine(text, ''), FILTER)],
  'a date': [(text) => parseHttpDate(text, 0), { before: ['', 'Sun, ', 'Sun, 06 Nov 1994 '] }],
  'Keep-Alive': [keepAliveTerms, { before: ['', 'timeout', 'timeout='] }],
  Link: [parseLinks, { before: ['', '<', '<a>', '<a>;rel="'] }],
  'Max-Forwards': [hopsLeft],
  'Accept-Encoding': [(text) => acceptedCoding(text, ['br', 'gzip']), { before: ['', 'br;', 'br;q='] }],
  Range: [(text) => askedRanges(text, 100, 16), { before: ['', 'bytes=', 'bytes=0-', 'bytes=0-1,'] }],
  Accept: [prefersJson, { before: ['', 'a/b;', 'a/b;q='] }],
  quotas: [
    (text) => {
      const headers = fields('ratelimit', text)
      headers.add('ratelimit-policy', text)
      parseQuotas(headers, 0)
      for (const name of ['remaining', 'limit', 'reset']) headers.put(`x-ratelimit-${name}`, text)
      headers.delete('ratelimit')
      parseQuotas(headers, 0)
    },
    { behind: ['', '"a";r=1'] },
  ],
  'X-Request-Timeout': [(text) => parseRequestTimeout(fields('x-request-timeout', text))],
  'Grpc-Timeout': [(text) => parseRequestTimeout(fields('grpc-timeout', text))],
  'Retry-After': [(text) => parseRetryAfter(text, 0)],
  'a structured item': [parseItem, { before: ['', '"', ':', '%"', 'a;b="', '1.'] }],
  'a structured list': [parseList, { before: ['', '(', 'a;'] }],
  'a structured dictionary': [parseDictionary, { before: ['', 'a=('] }],
}

for (const [name, [parse, work]] of Object.entries(PARSERS)) {
  test(`the work for ${name} grows with what a peer sends, not with its square`, () =>
    assertLinear(name, parse, work))
}
