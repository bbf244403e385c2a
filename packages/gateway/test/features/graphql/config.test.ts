import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { GatewayConfigInput, RouteInput } from '../../../src/config/input/input.ts'
import { GRAPHQL_DEFAULTS } from '../../../src/features/graphql/setting.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { routeWarnings } from '../../../src/features/match/warnings/route-warnings.ts'

const upstream = 'http://127.0.0.1:9000'

function problemsOf(route: RouteInput, more: Partial<GatewayConfigInput> = {}): string[] {
  const result = parseConfig({ ...more, routes: [{ upstream, ...route }] })
  return result.ok ? [] : result.problems.map((problem) => JSON.stringify(problem))
}

it('an empty section has the defaults that hold where there is none', () => {
  const result = parseConfig({ routes: [{ upstream, graphql: {} }] })
  assert.ok(result.ok)
  assert.deepEqual(result.config.routes[0]?.graphql, GRAPHQL_DEFAULTS)
})

describe('a mistake in what is said of GraphQL is named', () => {
  for (const [what, route, said] of [
    [
      'an unknown type',
      { match: { graphql: { operation: 'read' as never } } },
      /query or mutation or subscription/,
    ],
    ['a name that is none', { match: { graphql: { name: 'a b' } } }, /is not a name of GraphQL/],
    ['a condition that says nothing', { match: { not: { graphql: {} } } }, /says nothing of the operation/],
    [
      'root fields without a list',
      { match: { graphql: { rootFields: {} } } },
      /says nothing of the operation/,
    ],
    ['an unknown key', { graphql: { maxDept: 1 } as never }, /maxDepth/],
    ['a limit out of range', { graphql: { maxDepth: 0 } }, /200/],
    ['a size out of range', { graphql: { maxSize: '1GiB' } }, /16MiB/],
    [
      'methods by which none comes',
      { match: { methods: ['PUT'] }, graphql: {} },
      /none by which GraphQL comes/,
    ],
    [
      'mutations by GET',
      { match: { methods: ['GET'], graphql: { operation: 'mutation' as const } } },
      /has no POST, by which alone a mutation comes/,
    ],
    [
      'a key where no operation is read',
      { rateLimit: { rate: '1/s', key: 'graphql-type' } },
      /reads no operation/,
    ],
    [
      'a cost where no operation is read',
      { rateLimit: { rate: '1/s', cost: 'graphql-fields' } },
      /has the cost graphql-fields/,
    ],
  ] as [string, RouteInput, RegExp][]) {
    it(what, () => assert.match(problemsOf(route).join('\n'), said))
  }

  it('a named limit with such a key', () => {
    const rateLimits = { all: { rate: '1/s' as const, key: ['client-ip', 'graphql-operation'] } }
    assert.match(problemsOf({ rateLimit: ['all'] }, { rateLimits }).join(), /has the key graphql-operation/)
    assert.deepEqual(problemsOf({ rateLimit: ['all'], graphql: {} }, { rateLimits }), [])
    assert.deepEqual(
      problemsOf({ rateLimit: ['all'], match: { any: [{ graphql: { name: 'A' } }] } }, { rateLimits }),
      [],
    )
  })
})

it('"check" finds routes between which the order decides, and none where no operation is both', () => {
  const kinds = (...matches: NonNullable<RouteInput['match']>['graphql'][]): string[] => {
    const result = parseConfig({
      routes: matches.map((graphql) => ({ upstream, match: { path: '/graphql', graphql } })),
    })
    assert.ok(result.ok, JSON.stringify(result))
    return routeWarnings(result.config.routes).map(({ kind }) => kind)
  }
  assert.deepEqual(kinds({ operation: 'query' }, { operation: 'mutation' }), [])
  assert.deepEqual(kinds({ operation: 'query' }, { operation: ['query', 'mutation'] }), ['ambiguous'])
  assert.deepEqual(kinds({ name: 'A' }, { name: 'B' }), [])
  assert.deepEqual(kinds({ rootFields: { all: ['a', 'b'] } }, { rootFields: { any: ['c'] } }), [])
  assert.deepEqual(kinds({ rootFields: { any: ['a'] } }, { rootFields: { any: ['c'] } }), ['ambiguous'])
  assert.deepEqual(kinds({ operation: 'query' }, { operation: 'query', name: 'A' }), [])
})
