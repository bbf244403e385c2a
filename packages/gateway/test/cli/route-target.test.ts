import assert from 'node:assert/strict'
import { it } from 'node:test'
import { targetName } from '../../src/cli/route-target.ts'
import type { RouteInput } from '../../src/config/input/input.ts'
import { parseConfig } from '../../src/config/parse.ts'

const ONE = 'http://127.0.0.1:1'
const TWO = 'http://127.0.0.1:2'

const cases: [route: RouteInput, name: string][] = [
  [{ upstream: ONE }, ONE],
  [{ upstream: ONE, lifecycle: { deprecated: '2026-01-01' } }, `${ONE} (deprecated)`],
  [{ split: { upstreams: [{ upstream: ONE, weight: 9 }, { upstream: TWO }] } }, `${ONE} (9), ${TWO} (1)`],
  [
    {
      upstream: ONE,
      apiVersions: {
        header: 'x-v',
        default: 2,
        versions: { 1: { upstream: TWO, deprecated: '2026-01-01' }, 2: {} },
      },
    },
    `1: ${TWO} (deprecated); 2: ${ONE} (default)`,
  ],
]

for (const [input, name] of cases) {
  it(`the route table says "${name}"`, () => {
    const result = parseConfig({ routes: [input] })
    assert.ok(result.ok, JSON.stringify(result))
    const [route] = result.config.routes
    assert.equal(route && targetName(route), name)
  })
}
