import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseConfig } from '../../src/config/parse.ts'

function problemsOf(route: Record<string, unknown>): string[] {
  const upstreams = { one: { endpoints: [{ url: 'http://127.0.0.1:1' }] } }
  const result = parseConfig({ upstreams, routes: [{ match: { path: '/:version/items' }, ...route }] })
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`)
}

const by = { header: 'x-v' }
const here = { respond: {} }

describe('versions of an API in the configuration', () => {
  it('are read as they are written, names as numbers or texts, days as times', () => {
    const result = parseConfig({
      routes: [
        {
          ...here,
          apiVersions: {
            header: 'X-V',
            mediaType: 'Application/vnd.Shop',
            default: 1,
            versions: {
              1: { deprecated: '2026-01-01', sunset: new Date('2027-01-01'), successor: 2 },
              2: {},
            },
          },
        },
      ],
    })
    assert.ok(result.ok, JSON.stringify(result))
    assert.deepEqual(result.config.routes[0]?.apiVersions, {
      header: 'x-v',
      mediaType: 'application/vnd.shop',
      default: '1',
      stripPath: false,
      versions: {
        1: {
          deprecated: Date.UTC(2026, 0, 1),
          sunset: Date.UTC(2027, 0, 1),
          afterSunset: 'serve',
          successor: '2',
        },
        2: { afterSunset: 'serve' },
      },
    })
  })

  const wrong: [name: string, route: Record<string, unknown>, problem: RegExp][] = [
    [
      'no place',
      { ...here, apiVersions: { versions: { 1: {} } } },
      /apiVersions: "apiVersions" does not say where/,
    ],
    ['no version', { ...here, apiVersions: { ...by, versions: {} } }, /versions: there is no version/],
    [
      'unknown default',
      { ...here, apiVersions: { ...by, default: 3, versions: { 1: {} } } },
      /default: 3 is not one of the versions/,
    ],
    [
      'unknown parameter',
      { ...here, apiVersions: { path: 'v', versions: { 1: {} } } },
      /apiVersions.path: "v" is no parameter of match.path/,
    ],
    [
      'nothing to strip',
      { ...here, apiVersions: { ...by, stripPath: true, versions: { 1: {} } } },
      /stripPath: "stripPath" needs "path"/,
    ],
    [
      'no target',
      { apiVersions: { ...by, versions: { 1: { upstream: 'one' }, 2: {} } } },
      /versions\.2\.upstream: is missing/,
    ],
    [
      'unused target',
      { upstream: 'one', apiVersions: { ...by, versions: { 1: { upstream: 'one' } } } },
      /upstream: "upstream" is never used/,
    ],
    [
      'unknown upstream',
      { apiVersions: { ...by, versions: { 1: { upstream: 'two' } } } },
      /"two" is not the name of an upstream/,
    ],
    [
      'the same twice',
      { ...here, apiVersions: { ...by, versions: { 1: {}, v1: {} } } },
      /"v1" is the same version as "1"/,
    ],
    [
      'unknown successor',
      { ...here, apiVersions: { ...by, versions: { 1: { successor: 2 } } } },
      /successor: 2 is not one of the versions/,
    ],
    [
      'own successor',
      { ...here, apiVersions: { ...by, versions: { 1: { successor: 1 } } } },
      /successor: 1 is the version itself/,
    ],
    [
      'early sunset',
      { ...here, lifecycle: { deprecated: '2027-01-01', sunset: '2026-01-01' } },
      /sunset: "2026-01-01" is before "deprecated"/,
    ],
    ['no sunset', { ...here, lifecycle: { afterSunset: 'gone' } }, /afterSunset: "gone" needs "sunset"/],
    [
      'no such day',
      { ...here, lifecycle: { sunset: '2026-02-30' } },
      /sunset: "2026-02-30" is no day that there is/,
    ],
    ['no day', { ...here, lifecycle: { sunset: 'soon' } }, /sunset: "soon" is not a day or time/],
    [
      'a successor without versions',
      { ...here, lifecycle: { successor: 2 } },
      /successor: 2 names a version, and the route has none/,
    ],
    [
      'both',
      { ...here, lifecycle: {}, apiVersions: { ...by, versions: { 1: {} } } },
      /"lifecycle" stands beside "apiVersions"/,
    ],
    [
      'a wrong name',
      { ...here, apiVersions: { ...by, versions: { 'a b': {} } } },
      /"a b" is not the name of a version/,
    ],
    [
      'a media type with its version',
      { ...here, apiVersions: { mediaType: 'a/b.v1', versions: { 1: {} } } },
      /has the version in it already/,
    ],
    [
      'a variable too early',
      {
        ...here,
        responseHeaders: { set: { a: '${api.version}' } },
        apiVersions: { ...by, versions: { 1: {} } },
      },
      /not known there/,
    ],
  ]
  for (const [name, route, problem] of wrong) {
    it(`refuse ${name}`, () => {
      const problems = problemsOf(route)
      assert.equal(problems.length, 1, problems.join('\n'))
      assert.match(problems[0] ?? '', problem)
    })
  }
})

it('a split is not sticky by what is removed before', () => {
  const split = { upstreams: [{ upstream: 'one' }], sticky: { cookie: 'ab' } }
  const problems = problemsOf({ split, requestHeaders: { remove: ['Cookie'] } })
  assert.match(problems.join(), /sticky by what requestHeaders remove before: cookie/)
  assert.deepEqual(problemsOf({ split, requestHeaders: { remove: ['x-a'] } }), [])
})

it('a split names each upstream once', () => {
  const upstreams = [{ upstream: 'one' }, { upstream: 'one', weight: 3 }]
  assert.match(problemsOf({ split: { upstreams } }).join(), /"one" is in the split already/)
})
