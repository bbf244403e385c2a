import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { getIntrospectionQuery } from 'graphql'
import type { GraphqlInput } from '../../../src/config/input/input.ts'
import { startGraphql } from './graphql-gateway.ts'

const path = '/graphql'

describe('a limit on operations', () => {
  for (const [graphql, within, beyond, said] of [
    [
      { maxDepth: 2 },
      '{ a { b } }',
      '{ a { ...F } } fragment F on T { b { c } }',
      /3 levels of fields, and 2/,
    ],
    [{ maxAliases: 2 }, '{ x: a y: a }', '{ ...F ...F } fragment F on Q { x: a y: a }', /4 aliases, and 2/],
    [{ maxRootFields: 2 }, '{ a b { c d e } }', '{ a ... { b } c }', /3 fields at the top, and 2/],
    [{ maxFields: 3 }, '{ a { b c } }', '{ a { ...F } b { ...F } } fragment F on T { c }', /4 fields, and 3/],
    [
      { maxDirectives: 1 },
      '{ a @skip(if: true) }',
      '{ a @skip(if: true) @skip(if: true) }',
      /2 directives, and 1/,
    ],
    [{ maxTokens: 5 }, '{ a b c }', '{ a b c d }', /more than 5 tokens/],
    [{ maxSize: '64B' }, '{ a }', `{ a }${' '.repeat(64)}`, /larger than the limit of 64 bytes/],
    [{ introspection: 'refuse' }, '{ __typename }', '{ a ... { __type(name: "A") { name } } }', /__type/],
  ] as [GraphqlInput, string, string, RegExp][]) {
    const [name = ''] = Object.keys(graphql)
    it(`${name} lets through what keeps within it, and refuses the rest`, async (t) => {
      const gateway = await startGraphql(t, [{ name: 'it', match: { path }, graphql }])
      assert.equal((await gateway.post({ query: within })).status, 200)
      const { status, text } = await gateway.post({ query: beyond })
      assert.equal(status, name === 'maxSize' ? 413 : 400)
      assert.match(text, said)
      assert.equal(gateway.received.length, 1)
      const [, refused] = gateway.shown()
      assert.match(refused ?? '', /^headgate_graphql_refused_total\{route="it",reason="[a-z_]+"\} 1$/)
    })
  }

  it('holds by default where a route is for operations', async (t) => {
    const gateway = await startGraphql(t, [{ name: 'it', match: { path, graphql: { operation: 'query' } } }])
    assert.equal((await gateway.post({ query: '{ a }' })).status, 200)
    const deep = `${'{ a '.repeat(16)}${'}'.repeat(16)}`
    assert.match((await gateway.post({ query: deep })).text, /16 levels of fields, and 15/)
    assert.match((await gateway.post({ query: getIntrospectionQuery() })).text, /may not be asked for/)
  })

  it('lets the usual introspection through where that is allowed', async (t) => {
    const gateway = await startGraphql(t, [
      { name: 'it', match: { path }, graphql: { introspection: 'allow' } },
    ])
    assert.equal((await gateway.post({ query: getIntrospectionQuery() })).status, 200)
  })

  it('is that of the route that is taken, where several are sought by operation', async (t) => {
    const gateway = await startGraphql(t, [
      {
        name: 'small',
        match: { path, graphql: { operation: 'mutation' } },
        graphql: { maxSize: '64B', maxTokens: 9 },
      },
      {
        name: 'large',
        match: { path, graphql: { operation: 'query' } },
        graphql: { maxSize: '1MiB', maxTokens: 100 },
      },
    ])
    const many = 'a '.repeat(20)
    assert.equal((await gateway.post({ query: `{ ${many} }` })).by, 'large')
    assert.match((await gateway.post({ query: `mutation { ${'a '.repeat(10)} }` })).text, /13 tokens, and 9/)
    assert.equal((await gateway.post({ query: `mutation { ${' '.repeat(64)} a }` })).status, 413)
  })

  it('on batches counts for each of their operations', async (t) => {
    const gateway = await startGraphql(t, [
      { name: 'it', match: { path }, graphql: { maxBatch: 2, maxAliases: 1 } },
    ])
    assert.equal((await gateway.post([{ query: '{ x: a }' }, { query: '{ x: a }' }])).status, 200)
    assert.equal((await gateway.post([{ query: '{ a }' }, { query: '{ x: a y: a }' }])).status, 400)
    assert.match(
      (await gateway.post(Array.from({ length: 3 }, () => ({ query: '{ a }' })))).text,
      /holds 3 operations, and 2/,
    )
  })
})

describe('a rate limit', () => {
  it('tells operations apart by type, name or root fields', async (t) => {
    const limited = async (key: string | string[], ...queries: string[]): Promise<number[]> => {
      const { post } = await startGraphql(t, [
        { name: 'it', match: { path }, graphql: {}, rateLimit: { rate: '1/h', key } },
      ])
      const statuses = []
      for (const query of queries) statuses.push((await post({ query })).status)
      return statuses
    }
    assert.deepEqual(await limited('graphql-type', '{ a }', '{ b }', 'mutation { a }'), [200, 429, 200])
    assert.deepEqual(
      await limited('graphql-operation', 'query A { a }', 'query B { a }', 'query A { b }'),
      [200, 200, 429],
    )
    assert.deepEqual(await limited('graphql-root-fields', '{ a b }', '{ b x: a }', '{ a }'), [200, 429, 200])
    assert.deepEqual(
      await limited(['client-ip', 'graphql-type'], '{ a }', 'mutation { a }', '{ a }'),
      [200, 200, 429],
    )
  })

  it('counts each operation of a batch', async (t) => {
    const { post } = await startGraphql(t, [
      { name: 'it', match: { path }, graphql: { maxBatch: 4 }, rateLimit: { rate: '5/h' } },
    ])
    const batch = Array.from({ length: 4 }, () => ({ query: '{ a }' }))
    assert.equal((await post(batch)).status, 200)
    assert.equal((await post(batch)).status, 429)
    assert.equal((await post({ query: '{ a }' })).status, 200)
    assert.equal((await post({ query: '{ a }' })).status, 429)
  })

  it('may count fields, and a request never takes more than may come at once', async (t) => {
    const { post } = await startGraphql(t, [
      { name: 'it', match: { path }, graphql: {}, rateLimit: { rate: '10/h', cost: 'graphql-fields' } },
    ])
    const left = async (query: string): Promise<string | null> =>
      (await post({ query })).headers.get('ratelimit')?.replace(/.*r=(\d+).*/, '$1') ?? null
    assert.equal(await left('{ a { b c } }'), '7')
    assert.equal(await left('{ a { b c d e f g h i j k l m } }'), '7')
    assert.equal(await left('{ ...F ...F } fragment F on Q { a b }'), '3')
    const large = await startGraphql(t, [
      { name: 'it', match: { path }, graphql: {}, rateLimit: { rate: '2/h', cost: 'graphql-fields' } },
    ])
    assert.equal((await large.post({ query: '{ a b c d }' })).status, 200)
    assert.equal((await large.post({ query: '{ a }' })).status, 429)
  })

  it('that needs no operation comes before the reading', async (t) => {
    const { post } = await startGraphql(t, [
      { name: 'it', match: { path }, graphql: {}, rateLimit: { rate: '1/h' } },
    ])
    assert.deepEqual([(await post('{')).status, (await post('{')).status], [400, 429])
  })
})
