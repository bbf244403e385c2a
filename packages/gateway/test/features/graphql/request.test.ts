import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { startGraphql } from './graphql-gateway.ts'

const READ = '{ a }'
const WRITE = 'mutation { a }'
const ROUTES = [{ name: 'it', match: { path: '/graphql' }, graphql: {} }]

describe('a request by POST is refused', () => {
  for (const [what, content, said] of [
    ['with two queries', `{"query":"${READ}","query":"${WRITE}"}`, /two members of the same name/],
    ['with two queries, one of them escaped', `{"query":"${READ}","qu\\u0065ry":"${WRITE}"}`, /two members/],
    [
      'with two members of the same name inside',
      `{"query":"${READ}","variables":{"a":{"b":1,"b":2}}}`,
      /two members/,
    ],
    [
      'with a query in another case',
      `{"query":"${READ}","Query":"${WRITE}"}`,
      /differs from query in its case/,
    ],
    ['with an unknown member', `{"query":"${READ}","id":"x"}`, /a member other than query/],
    [
      'with a document and the id of another',
      `{"query":"${READ}","documentId":"x"}`,
      /both a query and a documentId/,
    ],
    [
      'with a document and the hash of another',
      `{"query":"${READ}","extensions":{"persistedQuery":{"sha256Hash":"${'a'.repeat(64)}"}}}`,
      /not that of the query/,
    ],
    [
      'with a hash of another kind beside',
      `{"extensions":{"persistedQuery":{"sha256Hash":"${'a'.repeat(64)}","md5Hash":"b"}}}`,
      /and nothing else/,
    ],
    ['without a query', '{"variables":{}}', /has no query/],
    ['with a query that is no text', '{"query":["{ a }"]}', /query must be a text/],
    ['with variables that are no object', `{"query":"${READ}","variables":[]}`, /variables must be/],
    [
      'with an operationName that is no name',
      `{"query":"${READ}","operationName":"a b"}`,
      /operationName must be/,
    ],
    ['that is no object', '"{ a }"', /must be a JSON object/],
    ['that is no JSON', READ, /not JSON/],
    ['that is nested too deep', `{"variables":${'['.repeat(300)}${']'.repeat(300)}}`, /nested more than 200/],
    ['with a byte order mark', `\ufeff{"query":"${READ}"}`, /byte order mark/],
    ['that is not UTF-8', Buffer.from(`{"query":"{ a(b: \\"\xff\\") }"}`, 'latin1'), /not UTF-8/],
    ['with half a character', '{"query":"{ a(b: \\"\\ud800\\") }"}', /half a character/],
    ['with a syntax error', '{"query":"{ a "}', /syntax error at character 5/],
  ] as [string, string | Uint8Array, RegExp][]) {
    it(what, async (t) => {
      const gateway = await startGraphql(t, ROUTES)
      const { status, text } = await gateway.post(content)
      assert.equal(status, 400)
      assert.match(text, said)
      assert.equal(gateway.received.length, 0)
    })
  }

  for (const query of [
    'query={b}',
    'Query=1',
    'qu%65ry=1',
    'query[]=1',
    'query.x=1',
    'a=1;query=1',
    'query%00=1',
    'operationName=B',
    'documentId=1',
    'id=1',
  ]) {
    it(`at a URL with ${query}, of which some origins take the operation`, async (t) => {
      const { status, text } = await (await startGraphql(t, ROUTES)).post(
        { query: READ },
        {},
        `/graphql?${query}`,
      )
      assert.equal(status, 400)
      assert.match(text, /URL/)
    })
  }

  for (const [what, headers] of [
    ['of another type', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['in another charset', { 'content-type': 'application/json; charset=utf-16' }],
    ['without a type', { 'content-type': '' }],
    ['with a coding', { 'content-encoding': 'gzip' }],
  ] as [string, Record<string, string>][]) {
    it(`${what}, and told what would be taken`, async (t) => {
      const { status, headers: fields } = await (await startGraphql(t, ROUTES)).post({ query: READ }, headers)
      assert.equal(status, 415)
      assert.ok(fields.get('accept') === 'application/json' || fields.get('accept-encoding') === 'identity')
    })
  }
})

it('a request by POST is taken as clients send it', async (t) => {
  const gateway = await startGraphql(t, ROUTES)
  const hash = createHash('sha256').update(READ).digest('hex')
  for (const content of [
    { query: READ, variables: null, operationName: null, extensions: {} },
    { query: READ, operationName: '', extensions: { persistedQuery: { version: 1, sha256Hash: hash } } },
    { query: WRITE, variables: { text: 'ä"\\{', list: [{ a: 1 }, { a: 2 }] } },
  ])
    assert.equal((await gateway.post(content)).status, 200)
  for (const type of [
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
    'application/json ;',
  ])
    assert.equal(
      (await gateway.post({ query: READ }, { 'content-type': type }, '/graphql?tenant=7')).status,
      200,
    )
})

describe('a request by GET', () => {
  const get = async (t: Parameters<typeof startGraphql>[0], query: string): Promise<number> =>
    (await (await startGraphql(t, ROUTES)).get(query)).status

  it('is taken if it is a query', async (t) => {
    assert.equal(await get(t, '?query=%7B+a+%7D&variables=%7B%7D&x=%ff'), 200)
  })

  it('is 405 if it is not, with Allow: POST', async (t) => {
    const gateway = await startGraphql(t, ROUTES)
    for (const type of ['mutation', 'subscription']) {
      const { status, headers } = await gateway.get(`?query=${type}%7Ba%7D`)
      assert.deepEqual([status, headers.get('allow')], [405, 'POST'])
    }
    const both = `?query=${encodeURIComponent('query A { a } mutation B { b }')}`
    assert.equal((await gateway.get(`${both}&operationName=A`)).status, 200)
    assert.equal((await gateway.get(`${both}&operationName=B`)).status, 405)
    assert.equal((await gateway.get(both)).status, 400)
  })

  for (const query of [
    '',
    '?query=',
    '?query={a}&query={b}',
    '?query={a}&QUERY={b}',
    '?query={a}&query[]={b}',
    '?query={a}&documentId=1',
    '?query={a}&variables=1',
    '?query={a}&variables={"a":1,"a":2}',
    '?query={a%ff}',
    '?query={a};b=1',
  ]) {
    it(`is refused with ${query === '' ? 'nothing' : query}`, async (t) =>
      assert.equal(await get(t, query), 400))
  }

  it('is refused with a body: an origin might take what stands there', async (t) => {
    const gateway = await startGraphql(t, ROUTES)
    const head = 'GET /graphql?query={a} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n'
    const text = await gateway.raw([`${head}content-length: 2\r\n\r\n{}`])
    assert.match(text, /^HTTP\/1\.1 400 /)
    assert.equal(gateway.received.length, 0)
  })
})

describe('on a route for GraphQL', () => {
  it('other methods are 405, and a preflight passes', async (t) => {
    const gateway = await startGraphql(t, ROUTES)
    const url = `http://127.0.0.1:${gateway.port}/graphql`
    const put = await fetch(url, { method: 'PUT', body: '{}' })
    assert.deepEqual([put.status, put.headers.get('allow')], [405, 'GET, HEAD, OPTIONS, POST'])
    assert.equal((await fetch(url, { method: 'OPTIONS' })).status, 200)
    assert.equal((await fetch(url, { method: 'OPTIONS', body: '{}' })).status, 405)
  })

  it('persisted documents are taken if the route says so', async (t) => {
    const hashOnly = { extensions: { persistedQuery: { version: 1, sha256Hash: 'ab' } } }
    const refusing = await startGraphql(t, ROUTES)
    assert.match((await refusing.post(hashOnly)).text, /must bring its document/)
    const taking = await startGraphql(t, [{ ...ROUTES[0], name: 'it', graphql: { persisted: 'allow' } }])
    assert.equal((await taking.post(hashOnly)).status, 200)
    assert.equal((await taking.post({ documentId: 'x' })).status, 200)
    assert.equal(
      (await taking.get(`?extensions=${encodeURIComponent(JSON.stringify(hashOnly.extensions))}`)).status,
      200,
    )
  })

  it('a WebSocket is refused unless the route says otherwise', async (t) => {
    const upgrade = [
      'GET /graphql HTTP/1.1\r\nhost: a\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n',
      'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    ]
    const refusing = await startGraphql(t, ROUTES)
    assert.match(
      await refusing.raw([upgrade.join('')], (text) => text.endsWith('}')),
      /400 .*WebSocket is not taken/s,
    )
    const taking = await startGraphql(t, [{ ...ROUTES[0], name: 'it', graphql: { websocket: 'allow' } }])
    await taking.raw([upgrade.join('')], (text) => text.includes('\r\n\r\n'))
    assert.equal(taking.received[0]?.headers['upgrade'], 'websocket')
  })

  it('what asks for a WebSocket and brings an operation is judged by that: the service may run it and not switch', async (t) => {
    const { raw, received } = await startGraphql(t, [
      { ...ROUTES[0], name: 'it', graphql: { websocket: 'allow', maxDepth: 2 } },
    ])
    const deep = '{"query":"{ a { b { c } } }"}'
    const fields = 'host: a\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n'
    const json = `content-type: application/json\r\ncontent-length: ${deep.length}\r\n\r\n${deep}`
    for (const request of [
      `POST /graphql HTTP/1.1\r\n${fields}${json}`,
      `GET /graphql HTTP/1.1\r\n${fields}${json}`,
      `GET /graphql?query=${encodeURIComponent('{ a { b { c } } }')} HTTP/1.1\r\n${fields}\r\n`,
    ])
      assert.match(await raw([request], (text) => text.endsWith('}')), /^HTTP\/1\.1 400 /, request)
    assert.equal(received.length, 0)
  })

  it('clients that ask for responses of GraphQL get errors as these', async (t) => {
    const { post, get } = await startGraphql(t, [{ ...ROUTES[0], name: 'it', graphql: { maxDepth: 2 } }])
    const accept = 'application/graphql-response+json, application/json;q=0.9'
    const refused = await post({ query: '{ a { b { c } } }' }, { accept })
    assert.equal(refused.status, 400)
    assert.equal(refused.headers.get('content-type'), 'application/graphql-response+json')
    assert.deepEqual(JSON.parse(refused.text), {
      errors: [
        {
          message: 'the operation has 3 levels of fields, and 2 are allowed',
          extensions: { code: 'graphql_refused', value: 3, limit: 2 },
        },
      ],
    })
    const method = await get('?query=mutation{a}', { accept })
    assert.deepEqual([method.status, method.headers.get('allow')], [405, 'POST'])
    const json = await post({ query: '{ a { b { c } } }' }, { accept: 'application/json' })
    assert.deepEqual([json.status, json.headers.get('content-type')], [400, 'application/json'])
    const { errors, title, status } = JSON.parse(json.text) as Record<string, unknown>
    assert.deepEqual(errors, JSON.parse(refused.text).errors)
    assert.deepEqual([title, status], ['GraphQL request refused', 400])
    const person = await post({ query: '{ a { b { c } } }' }, { accept: 'text/html, application/json;q=0.5' })
    assert.match(person.headers.get('content-type') ?? '', /^text\/plain/)
    const plain = await post({ query: '{ a { b { c } } }' })
    assert.equal(plain.headers.get('content-type'), 'application/problem+json')
    assert.equal(JSON.parse(plain.text).detail, 'the operation has 3 levels of fields, and 2 are allowed')
  })
})
