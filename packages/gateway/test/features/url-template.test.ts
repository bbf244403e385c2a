import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Exchange, HeaderList, HttpRequest, systemClock, TrafficError } from '@headgate/core'
import { fieldTemplate } from '../../src/features/templates/field-template.ts'
import { UrlTemplate } from '../../src/features/templates/url-template.ts'
import { fieldProblem, location } from '../../src/features/templates/kinds.ts'
import { fc } from '../../../../scripts/testing/property.ts'

function accepts(template: string): boolean {
  return location.parse(template).ok
}

describe('a template of a URL is refused where a request could choose the host', () => {
  const refused = [
    'https:/${request.path}',
    'http:/${request.path}',
    'https:${request.path}',
    'https://${request.path}',
    '${request.scheme}:/${request.path}',
    '${request.scheme}:${request.path}',
    'https:///${request.path}',
    'https://${request.id}/',
    'https://${client.address}/',
    'https://${request.headers.x-host}/',
    'https://shop.example${request.headers.x-port}/',
    'https://shop.example:${request.id}/',
    'https://shop.example${request.query}.evil.example/',
    'https://shop.example${api.version}/',
    'https://${geo.country}.shop.example/',
    'https://${route.name}.example/',
    'https://shop.example\\@${request.host}/',
    '/${request.path}',
    '/${request.id}${request.path}',
    '/${request.headers.x-a}/evil.example',
    '/${request.query}/evil.example',
    '/${api.version}/evil.example',
    '/${request.host}/evil.example',
    '${request.path}/evil.example',
    '${request.path}${request.path}',
    '${request.query}/a',
    '${request.headers.x-next}',
    '${params.next}',
    '${request.id}',
    '/\\${request.host}',
    '',
    '/\t/evil.example',
  ]
  for (const template of refused) it(template, () => assert.equal(accepts(template), false))
})

describe('a template of a URL is accepted where the host is written, or the one that was asked for', () => {
  const accepted = [
    '/',
    '/new${request.path}${request.query}',
    '/${params.id}/x',
    '/${request.method}',
    '/v${api.version}/${request.id}',
    '/login?next=${request.path}',
    '${request.path}index.html',
    'https://shop.example',
    'https://shop.example${request.path}',
    'https://shop.example:8443/${request.headers.x-a}//x',
    'https://shop.example${request.query}',
    'https://${request.host}:8443${request.path}',
    'https://www.${request.host}/',
    '${request.scheme}://${request.host}${request.path}',
  ]
  for (const template of accepted)
    it(template, () => assert.deepEqual(location.parse(template), { ok: true, value: template }))
})

describe('fields that lead clients somewhere are templates of URLs, too', () => {
  for (const [name, template, isAccepted] of [
    ['Location', 'https:/${request.path}', false],
    ['location', 'https://shop.example${request.path}', true],
    ['Content-Location', '/${request.headers.x-a}/b', false],
    ['link', '<https:/${request.path}>; rel=next', false],
    ['link', '</a>; rel=next, <//${request.host}/>; rel=prev', false],
    ['link', '</a?${request.id}>; rel="${request.id}"', false],
    ['link', '<https://cdn.example/${params.id}.css>; rel=preload, </b>; rel=next', true],
    ['refresh', '5; url=https:/${request.path}', false],
    ['refresh', '${request.id}', false],
    ['Refresh', '5;URL=/new${request.path}', true],
    ['x-anything', 'https:/${request.path}', true],
    ['location', '//fixed.example/', true],
  ] as const) {
    it(`${name}: ${template} is ${isAccepted ? 'accepted' : 'refused'}`, () => {
      assert.equal(fieldProblem(name.toLowerCase(), template) === undefined, isAccepted)
    })
  }

  it('Link ends where it is written to end, whatever the query holds', () => {
    const template = fieldTemplate('link', '</a${request.query}>; rel=next')
    const url = 'http://shop.example/?x=>;rel=%22evil%22,</b'
    assert.equal(template.expand(asked(url)), '</a?x=%3E;rel=%22evil%22,%3C/b>; rel=next')
  })

  it('what a client sends adds no attribute to a cookie', () => {
    const template = fieldTemplate('set-cookie', 'a=${request.headers.x-a}; Path=/')
    assert.equal(
      template.expand(asked('http://shop.example/', { 'x-a': 'b; Domain=example, c="1"\\' })),
      'a=b%3B%20Domain=example%2C%20c=%221%22%5C; Path=/',
    )
  })
})

describe('where a template leads is looked at again for each request', () => {
  it('a request without a host is not sent to one that its path names', () => {
    const exchange = asked('http://shop.example/evil.example/x')
    exchange.request.authority = { host: '', port: undefined, text: '' }
    assert.throws(
      () => new UrlTemplate('https://${request.host}${request.path}').expand(exchange),
      TrafficError,
    )
  })

  it('nor is one whose path begins with two slashes', () => {
    const exchange = asked('http://shop.example/')
    exchange.request.path = '//evil.example/x'
    assert.throws(() => new UrlTemplate('${request.path}').expand(exchange), TrafficError)
    assert.equal(new UrlTemplate('/a${request.path}').expand(exchange), '/a//evil.example/x')
  })
})

const PIECES = [
  'https:',
  'http:',
  '/',
  '//',
  'shop.example',
  ':8443',
  '@',
  '.',
  '?',
  '#',
  '\\',
  'x',
  '%2F',
  ' ',
  '',
  ...['path', 'query', 'host', 'id', 'method', 'scheme', 'headers.x-a'].map((each) => `\${request.${each}}`),
  '${params.id}',
  '${client.address}',
  '${api.version}',
  '${geo.country}',
  '${route.name}',
]

const EVIL = [
  '',
  '/',
  '//',
  '/evil.example',
  '//evil.example',
  '\\evil.example',
  '/\\evil.example',
  '@evil.example',
  ':80',
  '.evil.example',
  '?evil',
  '#evil',
  '..',
  '../evil',
  '\t//evil.example',
  'evil.example',
  '%2F',
  '%5C%5Cevil',
  'é',
]

/** Well-formed requests, chosen to lead astray; headers, id and version are what they may be at most. */
const requests = fc
  .record({
    path: fc.array(
      fc.constantFrom('evil.example', '@evil', ':80', 'x;y', '.a', '%2Fevil', '%5Cevil', '[]', ''),
      { maxLength: 4 },
    ),
    query: fc.constantFrom('', '?', '?//evil.example', '?\\evil', '?a=b'),
    host: fc.constantFrom('', 'shop.example', 'a.b', '[::1]'),
    evil: fc.constantFrom(...EVIL),
    id: fc.constantFrom(...EVIL.filter((each) => /^[\w.:/+=-]*$/.test(each))),
    param: fc.constantFrom('x', '@evil.example', ':80', '.evil', '%2Fevil'),
  })
  .map(({ path, query, host, evil, id, param }) => {
    const exchange = asked('http://shop.example/')
    const { request } = exchange
    request.path = `/${path.join('/')}`
    request.query = query
    request.authority = { host, port: undefined, text: host }
    request.headers = HeaderList.of([['x-a', evil.normalize().replace(/[^\t\x20-\xff]/g, '')]])
    exchange.id = id
    exchange.clientAddress = ['', '::1', '192.0.2.1'][id.length % 3] ?? ''
    exchange.params = { id: param }
    exchange.route = 'evil.example'
    return exchange
  })

function asked(url: string, headers: Record<string, string> = {}): Exchange {
  return new Exchange(HttpRequest.to(url, { headers }), systemClock)
}

it('whatever template is accepted, and whatever is asked for: it leads to the host that is written, as browsers read it, or nowhere', () => {
  let led = 0
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 7 }), requests, (pieces, exchange) => {
      const text = pieces.join('')
      if (!accepts(text)) return
      const expanded = expandOrRefuse(text, exchange)
      if (expanded === undefined) return
      led++
      const own = 'http://own.example'
      const { host } = exchange.request.authority
      const [, written] =
        /^(?:https?|\$\{request\.scheme\}):\/\/([^/?#]*?)(?:[/?#]|\$\{request\.(?:path|query)\}|$)/.exec(
          text,
        ) ?? []
      const expected =
        written === undefined
          ? new URL(own)
          : new URL(`http://${written.replaceAll('${request.host}', host)}`)
      assert.equal(new URL(expanded, own).hostname, expected.hostname, `${text} became ${expanded}`)
      assert.doesNotMatch(expanded, /[\0-\x20\x7f]/)
    }),
    { numRuns: 20_000 },
  )
  assert.ok(led > 500, `only ${led} came so far`)
})

function expandOrRefuse(text: string, exchange: Exchange): string | undefined {
  try {
    return new UrlTemplate(text).expand(exchange)
  } catch (error) {
    if (error instanceof TrafficError) return undefined
    throw error
  }
}
