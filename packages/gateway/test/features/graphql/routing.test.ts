import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RouteInput } from '../../../src/config/input/input.ts'
import { startGraphql } from './graphql-gateway.ts'

const path = '/graphql'
const ROUTES: RouteInput[] = [
  { name: 'writes', match: { path, graphql: { operation: 'mutation' } } },
  { name: 'reports', match: { path, graphql: { operation: 'query', name: ['Report', 'Export'] } } },
  { name: 'catalogue', match: { path, graphql: { rootFields: { all: ['products', '__typename'] } } } },
  { name: 'search', match: { path, graphql: { rootFields: { any: ['search'] } } } },
  { name: 'tests', match: { path, any: [{ headers: { 'x-test': '1' } }, { graphql: { name: 'Test' } }] } },
  { name: 'rest', match: { path: '/**' } },
]

describe('a route for operations', () => {
  for (const [what, request, expected] of [
    ['by its type', { query: 'mutation { a }' }, 'writes'],
    ['by type and name', { query: 'query Report { a }' }, 'reports'],
    [
      'by the operation that is asked for',
      { query: 'query A { a } mutation B { b }', operationName: 'B' },
      'writes',
    ],
    ['not by the one that is not', { query: 'query A { a } mutation B { b }', operationName: 'A' }, 'rest'],
    ['by all of its root fields', { query: '{ products { a } x: __typename }' }, 'catalogue'],
    ['not if there is another', { query: '{ products orders }' }, 'rest'],
    ['by root fields of fragments', { query: '{ ...F } fragment F on Q { ... { search } }' }, 'search'],
    ['by one of its root fields', { query: '{ orders search }' }, 'search'],
    ['not by a field further in', { query: '{ orders { search } }' }, 'rest'],
    ['not by an alias', { query: '{ search: orders }' }, 'rest'],
    ['within any', { query: 'query Test { a }' }, 'tests'],
  ] as const) {
    it(`is taken ${what}`, async (t) => {
      const { post } = await startGraphql(t, ROUTES)
      assert.equal((await post(request)).by, expected)
    })
  }

  it('takes queries by GET, too, and what was judged is what is sent', async (t) => {
    const gateway = await startGraphql(t, ROUTES)
    const query = `?query=${encodeURIComponent('query Report { a }')}&operationName=Report&x=1`
    assert.equal((await gateway.get(query)).by, 'reports')
    const content = '{"query" : "mutation { a }",  "variables":{"\\u0061":[1]} }'
    assert.equal((await gateway.post(content)).by, 'writes')
    assert.deepEqual(
      gateway.received.map(({ url, body }) => [url, body]),
      [
        [`/graphql${query}`, ''],
        ['/graphql', content],
      ],
    )
  })

  it('does not take what has no operation', async (t) => {
    const gateway = await startGraphql(t, ROUTES)
    assert.equal((await gateway.get('')).by, 'rest')
    const preflight = await fetch(`http://127.0.0.1:${gateway.port}/graphql`, { method: 'OPTIONS' })
    assert.equal(preflight.headers.get('x-by'), 'rest')
  })

  it('with "not" takes other operations', async (t) => {
    const { post } = await startGraphql(t, [
      { name: 'reads', match: { path, not: { graphql: { operation: ['mutation', 'subscription'] } } } },
      { name: 'rest', match: { path } },
    ])
    assert.equal((await post({ query: '{ a }' })).by, 'reads')
    assert.equal((await post({ query: 'mutation { a }' })).by, 'rest')
  })

  it('costs other requests no reading: their bodies are not looked at', async (t) => {
    const gateway = await startGraphql(t, ROUTES)
    assert.equal((await gateway.post('no JSON', {}, '/other')).by, 'rest')
    assert.equal((await gateway.post('no JSON', {}, '/graphql')).status, 400)
    assert.equal(gateway.received.length, 1)
  })

  it('is no way past the others: what they could not judge is refused', async (t) => {
    const gateway = await startGraphql(t, ROUTES)
    for (const request of [
      [{ query: '{ a }' }, { query: '{ b }' }],
      { extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } },
      { documentId: 'x' },
      { query: '{' },
    ])
      assert.equal((await gateway.post(request)).status, 400)
    for (const type of ['text/plain', 'application/graphql', 'multipart/form-data; boundary=x'])
      assert.equal((await gateway.post('{ a }', { 'content-type': type })).status, 415)
    assert.equal(gateway.received.length, 0)
    assert.deepEqual(gateway.shown().toSorted(), [
      'headgate_graphql_refused_total{route="(none)",reason="batch"} 1',
      'headgate_graphql_refused_total{route="(none)",reason="malformed"} 1',
      'headgate_graphql_refused_total{route="(none)",reason="media_type"} 3',
      'headgate_graphql_refused_total{route="(none)",reason="persisted"} 2',
    ])
  })

  it('takes a batch if each of its operations leads there', async (t) => {
    const graphql = { maxBatch: 3 }
    const gateway = await startGraphql(t, [
      { name: 'writes', match: { path, graphql: { operation: 'mutation' } }, graphql },
      { name: 'rest', match: { path: '/**' }, graphql },
    ])
    const read = { query: '{ a }' }
    const write = { query: 'mutation { a }' }
    assert.equal((await gateway.post([write, write])).by, 'writes')
    assert.equal((await gateway.post([read, read, read])).by, 'rest')
    const mixed = await gateway.post([read, write])
    assert.deepEqual([mixed.status, mixed.text.includes('lead to different routes')], [400, true])
    assert.equal((await gateway.post([read, read, read, read])).status, 400)
    assert.equal((await gateway.post([])).status, 400)
  })

  it('is no way for a batch to a route that judges nothing', async (t) => {
    const gateway = await startGraphql(t, [
      {
        name: 'writes',
        match: { path, graphql: { operation: 'mutation' } },
        graphql: { maxBatch: 3, persisted: 'allow' },
      },
      { name: 'rest' },
    ])
    const read = { query: '{ a }' }
    assert.equal((await gateway.post(read)).by, 'rest')
    assert.equal((await gateway.post([read, read])).status, 400)
    assert.equal((await gateway.post({ documentId: 'a' })).status, 400)
    assert.equal((await gateway.get('?documentId=a')).status, 400)
    assert.equal((await gateway.get('?id=a')).by, 'rest')
    const put = await fetch(`http://127.0.0.1:${gateway.port}/graphql`, { method: 'PUT', body: '{}' })
    assert.equal(put.status, 405)
  })

  it('is told in the access log and in the metrics', async (t) => {
    const gateway = await startGraphql(t, ROUTES)
    await gateway.post({ query: 'query Report { a }' })
    await gateway.post({ query: 'mutation { a }' })
    const members = gateway.lines.map(({ route, graphql_type, graphql_operation }) => [
      route,
      graphql_type,
      graphql_operation,
    ])
    assert.deepEqual(members, [
      ['reports', 'query', 'Report'],
      ['writes', 'mutation', undefined],
    ])
    assert.deepEqual(gateway.shown(), [
      'headgate_graphql_operations_total{route="writes",type="mutation"} 1',
      'headgate_graphql_operations_total{route="reports",type="query"} 1',
    ])
  })
})
