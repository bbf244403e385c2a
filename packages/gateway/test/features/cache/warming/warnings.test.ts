import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../../../src/config/parse.ts'
import { warmWarnings } from '../../../../src/features/cache/warming/warnings.ts'

const upstream = 'http://127.0.0.1:9000'

function warnings(warm: object[], route: object): string[] {
  const result = parseConfig({ cache: { warm }, routes: [{ upstream, ...route }] })
  assert.ok(result.ok, JSON.stringify(result))
  const { cache, routes } = result.config
  return warmWarnings(cache.warm, routes).map(({ path, problem }) => `${path.join('.')}: ${problem}`)
}

test('lists that have nothing, and lists where no route has a cache, are warned of', () => {
  const urls = ['http://shop.example/']
  assert.deepEqual(warnings([{ urls }, { sitemap: urls[0] }, { file: 'urls' }], { cache: true }), [])
  assert.deepEqual(warnings([], {}), [])
  assert.deepEqual(warnings([{ urls }, { on: ['start'] }], { cache: true }), [
    'cache.warm.1: the list has nothing to ask for',
  ])
  assert.deepEqual(warnings([{ urls }], {}), ['cache.warm: nothing is warmed, as no route has a cache'])
})
