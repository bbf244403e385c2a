import assert from 'node:assert/strict'
import { stringify } from 'yaml'
import { it } from 'node:test'
import { headgate } from '../headgate-command.ts'
import { folder } from '../headgate-process.ts'
import { startOrigin } from '../origin.ts'
import { configWith, startChanging } from '../versions/running-gateway.ts'

it('"cache show" and "explain --live" tell what is stored, why it would answer, and no secrets', async () => {
  const origin = await startOrigin((_request, response) => {
    response.setHeader('cache-control', 'max-age=60, stale-if-error=600')
    response.setHeader('cache-tag', 'items')
    response.setHeader('vary', 'accept-language, authorization')
    response.setHeader('etag', '"1"').end('content')
  })
  const key = { headers: ['x-tenant', 'x-api-key'], cookies: ['session'] }
  const match = { path: '/shop/**' }
  const routes = [
    { name: 'shop', match, rewrite: { stripPrefix: '/shop' }, upstream: origin.url, cache: { key } },
  ]
  const config = configWith({ routes })
  const gateway = await startChanging(config)
  const cwd = folder({ 'headgate.yaml': stringify(config) })
  const at = ['--admin', new URL(gateway.admin).host]
  const url = `${gateway.url}/shop/items?a=1&token=s3cret`
  const fields = {
    'x-tenant': 't1',
    'x-api-key': 's3cret',
    cookie: 'session=s3cret',
    'accept-language': 'de',
  }
  const headers = Object.entries(fields).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const show = async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await headgate(['cache', 'show', url, ...args, ...at], { cwd })
    assert.equal(stderr, '')
    assert.doesNotMatch(stdout, /s3cret/)
    return stdout
  }

  const host = new URL(gateway.url).host
  const [, keyLines] = [
    await headgate(['cache', 'stats', ...at], { cwd }),
    `its key: http://${host}/items?a=1&token=[redacted]\n  header x-tenant: t1\n  header x-api-key: [redacted]\n  cookie session: [redacted]\n`,
  ]
  const bound =
    'its response is stored only where that says how long it is fresh, or has ETag or Last-Modified, as the route has no ttl'
  assert.equal(
    await show(...headers),
    `the upstream is asked: nothing is stored under the key; ${bound}\n${keyLines}`,
  )
  assert.match(
    await show(...headers.slice(0, 6), '-H', 'authorization: Bearer s3cret'),
    /; as it has Authorization, its response is stored only where that says public, s-maxage or must-revalidate; /,
  )
  assert.match(
    await show('-H', 'cache-control: no-store'),
    /; its response is not stored, as the client forbids it/,
  )
  const guessed = await headgate(['cache', 'show', '/shop/x', ...at], { cwd })
  assert.match(guessed.stdout, /\nasked for as http:\/\/localhost, as no host was given: /)
  const answer = await fetch(url, { headers: { ...fields, connection: 'close' } })
  assert.equal(await answer.text(), 'content')
  const shown = await show(...headers)
  assert.match(shown, /^from the cache: it is fresh for \d\d s more\n/)
  assert.ok(shown.includes(keyLines))
  assert.match(
    shown,
    /\nstored, and meant: 200, 7 bytes, \d+ s old, fresh for \d+ s, in memory\n {2}for: accept-language: de; authorization: \(none\)\n {2}etag: "1"\n {2}tags: items\n$/,
  )
  const other = await show(...headers.slice(0, 6), '-H', 'accept-language: fr')
  assert.match(
    other,
    /^the upstream is asked: what is stored is for others in accept-language, authorization\n/,
  )

  const explain = (...args: string[]): ReturnType<typeof headgate> =>
    headgate(['explain', 'GET', url, ...headers, ...args], { cwd })
  const alone = await explain()
  assert.match(
    alone.stdout,
    /\nCache:\n {2}its key: [^\n]+\n(?: {4}[^\n]+\n){3} {2}what is stored under it is known to a gateway that runs: --live asks it\n/,
  )
  const live = await explain('--live', ...at)
  assert.match(live.stdout, /\nCache:\n {2}from the cache: it is fresh for \d\d s more\n/)
  const { route } = JSON.parse((await explain('--live', '--json', ...at)).stdout)
  assert.equal(route.cache.stored[0].chosen, true)

  const { stdout: purged } = await headgate(['cache', 'purge', '--url', url, ...at], { cwd })
  assert.equal(purged, 'removed: 1 response\n')
  assert.match(await show(...headers), /^the upstream is asked: nothing is stored under the key/)
})
