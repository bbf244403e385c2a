import { test } from 'node:test'
import {
  canonicalPath,
  Exchange,
  fieldText,
  HeaderList,
  HttpRequest,
  STRICT_PATHS,
  systemClock,
} from '@headgate/core'
import { assertLinear, type Parser } from '../../core/test/linear-work.ts'
import { accessLine, escaped } from '../src/features/access-log/access-log.ts'
import { ShortAccessLog } from '../src/features/access-log/short-log.ts'
import { isHostAllowed } from '../src/admin/access.ts'
import { inLine, printable } from '../src/printable.ts'
import { readLine } from '../src/replay/recorded-request.ts'
import { acceptedVersion } from '../src/features/api-versions/asked-version.ts'
import {
  asksFor,
  decoded,
  mediaType,
  someCookie,
  someHeader,
  someQueryValue,
} from '../src/routing/conditions.ts'
import { readDocument } from '../src/features/graphql/document.ts'
import { calledMethod, nameTest } from '../src/features/grpc/conditions.ts'
import { decodedGroups } from '../src/features/grpc/web/base64.ts'
import { checkNoParams, paramsOfJson, paramsOfQuery } from '../src/features/graphql/request-params.ts'
import { Regex } from '../src/routing/regex/regex.ts'
import { settlePath } from '../src/routing/router/path-readings.ts'
import { fieldTemplate } from '../src/features/templates/field-template.ts'
import { queryChanges } from '../src/features/rewrite/rewrite.ts'
import { Template } from '../src/features/templates/template.ts'
import { UrlTemplate } from '../src/features/templates/url-template.ts'
import { redactContent, redactUrls } from '../src/settings/redact-text.ts'

const never = (): boolean => false

function fields(name: string, value: string): HeaderList {
  const headers = new HeaderList()
  headers.add(name, value)
  return headers
}

/** An exchange that holds the text wherever a client may put it. */
function exchangeWith(text: string): Exchange {
  const request = HttpRequest.to('http://a/')
  request.path = `/${text}`
  request.query = `?${text}`
  for (const name of ['user-agent', 'x-a', 'cookie']) request.headers.add(name, text)
  return new Exchange(request, systemClock)
}

const OUTCOME = { status: 200, bytesSent: 0, bytesReceived: 0, error: undefined } as never // all that a line takes
const SHORT_LOG = new ShortAccessLog({ write: () => {} }, systemClock, true)
/** For what looks at one character at a time, and escapes most of them, which takes time. */
const CHARACTERS = [
  'a',
  ' ',
  '%',
  '%41',
  '%C3',
  '&',
  'a&',
  'a=b&',
  '/',
  '"',
  '\\',
  '<',
  '\xff',
  '\n',
  '${',
  '${a}',
]
const REGEXES = ['(a+)+(b|c)*d', '(a|aa)*', '(.*a){8}', '[^x]*x[^x]*y'].map((source) => new Regex(source))
const NAMES = ['*a*a*a*b', 'a*aa*aaa*', '*a*'].map(nameTest)
const VERSIONS = new Map([['1', '1']])
const TEMPLATE = new Template('${request.headers.x-a}${request.path}${request.query}')
const URL_TEMPLATE = new UrlTemplate('https://${request.host}/${request.headers.x-a}${request.path}')
const COOKIE = fieldTemplate('set-cookie', 'a=${request.headers.x-a}')
const LINK = fieldTemplate('link', '</${request.headers.x-a}>; rel=next')
const QUERY = queryChanges({ remove: ['a'], set: { b: '${request.headers.x-a}' }, add: {} })

/** Everything of the gateway's own that reads what a peer sends. */
const PARSERS: Readonly<Record<string, Parser>> = {
  'a field of a condition': [(text) => someHeader(fields('a', text), 'a', never)],
  'a cookie of a condition': [
    (text) => someCookie(fields('cookie', text), 'a', never),
    { before: ['', 'a="'] },
  ],
  'a parameter of a condition': [(text) => someQueryValue(text, 'a', never), { before: ['?', '?a='] }],
  'an encoded value': [decoded],
  'a media type': [mediaType, { before: ['', 'a/b;'] }],
  'Accept of a condition': [(text) => asksFor(text, ['a/b', 'text/*']), { before: ['', 'a/b;', 'a/b;q=0'] }],
  'Accept with a version': [
    (text) => acceptedVersion(`a/b,${text}`, 'a/b', VERSIONS),
    { before: ['', 'a/b;v=', 'a/b;version="'] },
  ],
  'a path with two readings': [
    (text) =>
      settlePath(
        text,
        () => ({ kind: 'not_found' }),
        () => STRICT_PATHS,
      ),
    { before: ['/', '//', '/%2F'] },
  ],
  'a path as it is kept': [
    (text) => canonicalPath(text, { encodedSlash: 'pass', slashes: 'keep' }),
    { before: ['/'] },
  ],
  'a regular expression': [(text) => REGEXES.forEach((regex) => regex.matches(text)), { before: ['', 'a'] }],
  'the name of a gRPC method': [
    (text) => {
      calledMethod(`/a/${text}`)
      NAMES.forEach((named) => named(text))
    },
    { before: ['', 'a'] },
  ],
  'the text of gRPC-Web': [decodedGroups, { before: ['', 'AAAA'], parts: ['AAAA', 'AA==', 'A', '=', '*'] }],
  'a GraphQL document': [
    (text) => readDocument(text, 1_000_000),
    { before: ['', '{', '{a(b:"', '{a(b:"""', '#', '{a(b:['] },
  ],
  'GraphQL in JSON': [paramsOfJson, { before: ['', '"', '{"query":"', '[', '{"variables":{'] }],
  'GraphQL in a URL': [
    (text) => {
      checkNoParams(text)
      paramsOfQuery(text)
    },
    { before: ['?', '?query=', '?variables={"a":"'] },
  ],
  'a template': [(text) => TEMPLATE.expand(exchangeWith(text)), { parts: CHARACTERS }],
  'a template of a URL': [(text) => URL_TEMPLATE.expand(exchangeWith(text)), { parts: CHARACTERS }],
  'a template of Set-Cookie': [(text) => COOKIE.expand(exchangeWith(text)), { parts: CHARACTERS }],
  'a template of Link': [(text) => LINK.expand(exchangeWith(text)), { parts: CHARACTERS }],
  'a query that is changed': [(text) => QUERY(exchangeWith(text)), { parts: CHARACTERS }],
  'a line of the access log': [(text) => accessLine(exchangeWith(text), OUTCOME, 1, '', ['cookie', 'x-a'])],
  'a short line of the access log': [(text) => SHORT_LOG.record(exchangeWith(text), OUTCOME, 1)],
  'a text in the access log': [(text) => escaped(text, Infinity)],
  'a value as text': [fieldText],
  'a text for a terminal': [
    (text) => {
      printable(text)
      inLine(text)
    },
  ],
  'content with secrets': [redactContent, { parts: ['a', 'a ', '-', 'a=', '<a', '"a"', '"', ' '] }],
  'a URL with credentials': [
    redactUrls,
    { before: ['', '://'], parts: ['://', '@', '/', ' ', 'a', '://@', ':// '] },
  ],
  'a Host of the admin': [
    (text) => isHostAllowed(text, { kind: 'tcp', host: 'a', port: 1 }, ['*.a']),
    { before: ['', '[', 'a:'] },
  ],
  'a line that is replayed': [(text) => readLine(text, 1), { before: ['', '{"path":"'] }],
}

for (const [name, [parse, work]] of Object.entries(PARSERS)) {
  test(`the work for ${name} grows with what a peer sends, not with its square`, () =>
    assertLinear(name, parse, work))
}
