import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../../src/config/parse.ts'
import { routeWarnings } from '../../../src/features/match/warnings/route-warnings.ts'

function routes(count: number) {
  const list = Array.from({ length: count }, (_, index) => ({
    upstream: 'http://127.0.0.1:9000',
    match: { path: '/a', headers: { 'x-tenant': `t${index}` } },
  }))
  const result = parseConfig({ routes: list })
  assert.ok(result.ok)
  return result.config.routes
}

test('warnings about tens of thousands of routes on one path end in time, and tell where they stopped', () => {
  const many = routes(30_000)
  const start = process.threadCpuUsage()
  const warnings = routeWarnings(many)
  const seconds = process.threadCpuUsage(start).user / 1e6
  // Compared as a whole, they would take minutes.
  assert.ok(seconds < 30, `${seconds} s`)
  assert.equal(warnings.length, 1)
  const [last] = warnings
  assert.equal(last?.kind, 'unfinished')
  assert.ok(last !== undefined && last.route > 900)
})

test('of hundreds of routes on one path, all are compared', () => {
  assert.deepEqual(routeWarnings(routes(900)), [])
})
