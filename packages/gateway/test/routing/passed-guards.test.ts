import assert from 'node:assert/strict'
import { it } from 'node:test'
import { canonicalPath } from '@headgate/core'
import type { GatewayConfigInput, RouteInput } from '../../src/config/input/input.ts'
import { checkInput } from '../../src/config/load.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { routeEntry } from '../../src/features/match/conditions.ts'
import { settlePath } from '../../src/routing/router/path-readings.ts'
import { Router } from '../../src/routing/router/router.ts'
import { passedGuards } from '../../src/config/passed-guards.ts'

const upstream = 'http://127.0.0.1:9000'
const site: RouteInput = { name: 'site', upstream }
const LOOSE = { encodedSlash: 'pass', slashes: 'keep' } as const
const admin = (more: object): RouteInput => ({ name: 'admin', match: { path: '/admin/**' }, ...more })

function found(routes: RouteInput[], paths: GatewayConfigInput['paths'] = LOOSE): string[] {
  const result = parseConfig({ paths, routes })
  assert.ok(result.ok, JSON.stringify(result))
  return passedGuards(result.config.routes).map(
    ({ guard, other, spelling }) => `${guard} by ${spelling} to ${other}`,
  )
}

it('a route with rules is passed by a path that it takes in another spelling, and one for more paths, too', () => {
  const rules = [
    { respond: { status: 403 } },
    { redirect: { location: '/login' } },
    { upstream, rateLimit: { rate: '1/s' } },
    { upstream, concurrency: { limit: 1 } },
    { upstream, limits: { body: '1KiB' } },
    { upstream, requestHeaders: { remove: ['x-role'] } },
    { split: { upstreams: [{ upstream }, { upstream: 'http://127.0.0.1:1' }] }, rateLimit: { rate: '1/s' } },
  ]
  for (const each of rules)
    assert.deepEqual(found([site, admin(each)]), ['1 by %2F to 0'], JSON.stringify(each))
  assert.deepEqual(found([admin({ respond: { status: 403 } }), site], { slashes: 'keep' }), ['0 by // to 1'])
  assert.deepEqual(
    found([
      { ...site, match: { host: '*.a.example' } },
      admin({ match: { host: 'b.a.example', path: '/x/y' }, respond: { status: 404 } }),
    ]),
    ['1 by %2F to 0'],
  )
})

it('the upstreams of versions of an API are places where a route leads, as others are', () => {
  const versions = (to: string): object => ({
    apiVersions: { header: 'x-v', versions: { 1: { upstream: to } } },
  })
  const limited = { rateLimit: { rate: '1/s' } }
  const elsewhere = 'http://127.0.0.1:1'
  assert.deepEqual(found([site, admin({ ...versions(upstream), ...limited })]), ['1 by %2F to 0'])
  assert.deepEqual(
    found([{ name: 'site', ...versions(elsewhere) }, admin({ upstream: elsewhere, ...limited })]),
    ['1 by %2F to 0'],
  )
  assert.deepEqual(found([site, admin({ ...versions(elsewhere), ...limited })]), [], 'another place')
})

it('nothing is said where the route with the rules takes no such path, or nothing behind the other is of its kind', () => {
  const refuse = admin({ respond: { status: 403 } })
  assert.deepEqual(found([site, refuse], {}), [])
  assert.deepEqual(found([{ ...site, paths: LOOSE }, refuse], {}), [])
  assert.deepEqual(found([site, { ...refuse, paths: { encodedSlash: 'refuse', slashes: 'merge' } }]), [])
  assert.deepEqual(found([site, admin({ upstream })]), [], 'no rules')
  assert.deepEqual(found([site, admin({ respond: { body: 'hello' } })]), [], 'nothing is refused')
  const limited = { rateLimit: { rate: '1/s' } } as const
  assert.deepEqual(found([{ ...site, ...limited }, admin({ upstream, ...limited })]), [], 'the same rules')
  assert.deepEqual(found([site, admin({ upstream: 'http://127.0.0.1:1', ...limited })]), [], 'another place')
  assert.deepEqual(found([{ ...site, match: { path: '/shop/**' } }, refuse]), [], 'other paths')
  assert.deepEqual(
    found([
      { ...site, match: { host: 'a.example' } },
      admin({ ...refuse, match: { host: 'b.example', path: '/admin/**' } }),
    ]),
    [],
  )
  assert.deepEqual(
    found([
      { ...site, match: { methods: ['GET'] } },
      admin({ ...refuse, match: { methods: ['PUT'], path: '/admin/**' } }),
    ]),
    [],
  )
})

it('what is said is so: the router gives such a path to the other route, and holds it where nothing is said', () => {
  const settled = (paths: GatewayConfigInput['paths'], guard: object, written: string): string => {
    const result = parseConfig({ paths, routes: [site, admin({ respond: { status: 403 }, ...guard })] })
    assert.ok(result.ok)
    const router = new Router(result.config.routes.map((route) => routeEntry(route, route)))
    const path = canonicalPath(written, LOOSE)
    if (typeof path !== 'string') return 'refused'
    const subject = { method: 'GET' } as never // no route asks for more
    const end = settlePath(
      path,
      (each) => router.find('a', each, 'GET', subject),
      (route) => route.paths,
    )
    return 'found' in end && end.found.kind === 'found' ? end.found.route.name : 'refused'
  }
  const strict = { paths: { encodedSlash: 'refuse', slashes: 'merge' } }
  for (const path of ['/admin%2Fx', '/%2Fadmin/x', '//admin/x', '/admin//..%2Fx', '/x%2F..%2Fadmin']) {
    const passes = settled(LOOSE, {}, path)
    assert.notEqual(settled(LOOSE, strict, path), 'site', path)
    if (/\.\./.test(path)) assert.equal(passes, 'refused', path)
    else assert.equal(passes, 'site', path)
  }
})

it('check tells it with both names, and what to do', async () => {
  const result = await checkInput({ paths: LOOSE, routes: [site, admin({ respond: { status: 403 } })] }, '/')
  assert.ok(result.ok)
  const [warning] = result.warnings()
  assert.match(
    warning?.message ?? '',
    /^route "admin" may be passed: it takes "%2F" in paths, as route "site" does/,
  )
  assert.match(warning?.hint ?? '', /leave "paths" to the routes that need it/)
})
