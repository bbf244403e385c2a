import { test } from 'node:test'
import { HeaderList } from '@headgate/core'
import { assertLinear, type Parser } from '../../core/test/linear-work.ts'
import { matchesIntegrity } from '../src/fetch/integrity.ts'
import { multipart } from '../src/multipart.ts'
import { nextPage } from '../src/next-page.ts'
import { queryText } from '../src/query.ts'
import { baseTarget, requestTarget } from '../src/request-target.ts'
import { TRAFFIC_FAILURES } from '../src/response/failures.ts'
import { receivedHeaders } from '../src/response/received-headers.ts'
import { shown } from '../src/shown-url.ts'

const BASE = baseTarget('http://a/b')

/** What a page of a listing says of the next one. */
function linked(text: string): void {
  const response = { url: 'http://a/', header: () => text }
  nextPage('link', { page: undefined, response: response as never, index: 0, count: () => 0, before: 0 })
}

function form(text: string): void {
  const data = new FormData()
  data.append(text, text)
  data.append('a', new File([''], text, { type: text }))
  multipart(data, 'boundary')
}

function received(text: string): void {
  const list = new HeaderList()
  for (const value of text.split(/[,;]/)) list.add('a', value)
  receivedHeaders(list, undefined).get('a')
}

/** Everything of the client's own that reads what an origin, or whoever chooses a URL, sends. */
const PARSERS: Readonly<Record<string, Parser>> = {
  'a URL': [
    (text) => requestTarget(text, undefined),
    { before: ['http://a', 'http://a/', 'http://a/?', 'a'] },
  ],
  'a path below a base': [(text) => requestTarget(text, BASE), { before: ['', '/', '/a?', ' '] }],
  'a query': [queryText],
  'a URL in a message': [shown, { before: ['', 'http://', '//'] }],
  'the link to the next page': [linked, { before: ['', '<', '<a>;rel="'] }],
  'content that is no JSON': [
    (text) => TRAFFIC_FAILURES.json(text, 'http://a/'),
    { before: ['', '"', '{"a":"', '['] },
  ],
  'the metadata of integrity': [
    (text) => matchesIntegrity(Buffer.from('a'), text),
    { before: ['', 'sha256-', 'sha512-a '] },
  ],
  'a form': [form],
  'fields that were received': [received],
}

for (const [name, [parse, work]] of Object.entries(PARSERS)) {
  test(`the work for ${name} grows with what was sent, not with its square`, () =>
    assertLinear(name, parse, work))
}
