import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, it } from 'node:test'
import { barOf } from '../../src/cli/warm-progress.ts'
import { becomes } from '../becomes.ts'
import { headgate } from '../headgate-command.ts'
import { configWith, startChanging } from '../versions/running-gateway.ts'

it('headgate cache warm has the gateway ask for a URL, a sitemap or its lists, and says what became of it', async () => {
  const asked: string[] = []
  const server = createServer(({ url = '' }, response) => {
    asked.push(url)
    if (url === '/sitemap.xml') {
      const urls = ['m1', 'm2', 'private'].map((path) => `<url><loc>http://shop.example/${path}</loc></url>`)
      response.end(`<urlset>${urls.join('')}<url><loc>http://other.example/</loc></url></urlset>`)
    } else {
      response.writeHead(200, url === '/private' ? { 'cache-control': 'private' } : {}).end('content')
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const config = configWith({
    workers: 2,
    reload: { watch: false },
    cache: { warm: [{ urls: ['http://shop.example/listed'], on: ['start', 'purge'], rate: '100/s' }] },
    routes: [{ name: 'shop', match: { host: 'shop.example' }, upstream, cache: { ttl: '1h' } }],
  })
  const gateway = await startChanging(config)
  const run = (...args: string[]) =>
    headgate(['cache', ...args, '--admin', gateway.admin], { cwd: gateway.cwd })
  const count = (path: string): number => asked.filter((each) => each === path).length
  assert.equal(await becomes(() => count('/listed'), 1), 1, 'at the start')

  const one = await run('warm', '--url', 'http://shop.example/a')
  assert.deepEqual([one.stdout, one.code], ['http://shop.example/a: 1 response stored\n', 0])
  const again = await run('warm', '--url', 'http://shop.example/a', '--json')
  const [again1] = (JSON.parse(again.stdout) as { runs: { fresh: number; state: string }[] }).runs
  assert.deepEqual([again1?.fresh, again1?.state], [1, 'done'])
  assert.equal(count('/a'), 1)
  const map = await run(
    'warm',
    '--sitemap',
    'http://shop.example/sitemap.xml',
    '--rate',
    '100/s',
    '--concurrency',
    '3',
  )
  assert.equal(
    map.stdout,
    'sitemap http://shop.example/sitemap.xml: 2 responses stored, 1 not to be stored, 1 of no route with a cache\n',
  )
  const lists = await run('warm', '--route', 'shop')
  assert.equal(
    lists.stdout,
    'http://shop.example/listed, of route shop: 0 responses stored, 1 fresh already\n',
  )
  assert.equal((await run('purge', '--all')).code, 0)
  assert.equal(await becomes(() => count('/listed'), 2), 2, 'after a purge')

  const unread = await run('warm', '--sitemap', 'http://shop.example/none.xml')
  assert.equal(unread.code, 1)
  assert.match(
    unread.stdout,
    /: 0 responses stored, 1 not to be read\n {2}sitemap http:\/\/shop.example\/none.xml: /,
  )
  const nothing = await run('purge', '--url', 'http://shop.example/nothing')
  assert.match(nothing.stdout, /^removed: 0 responses\na URL is meant as clients ask for it, with/)
  const refused = await run('warm', '--url', '/a')
  assert.deepEqual([refused.code, refused.stdout], [1, ''])
  assert.match(refused.stderr, /"\/a" .*use a URL as a client asks for it/)
  assert.equal((await run('warm', '--tag', 'a')).code, 2)

  await new Promise((resolve) => server.close(resolve).closeAllConnections())
  const down = await run('warm', '--url', 'http://shop.example/new')
  assert.equal(down.code, 1)
  assert.match(down.stdout, /^http:\/\/shop.example\/new: 0 responses stored, 1 failed\n {2}\S/)
})

it('the bar of a run tells how far it is, in colours only where they are wanted', () => {
  const run = {
    id: 1,
    what: 'sitemap http://a/\u001b[31m',
    cause: 'asked',
    state: 'running',
    total: 60,
    stored: 20,
    fresh: 5,
    refused: 3,
    failed: 2,
    other: 0,
    unread: 0,
  } as const
  const plain = barOf(run, false)
  assert.match(plain, /^\[#{15}\.{15}\] 30 of 60, 2 failed {2}sitemap http:\/\/a\//)
  assert.equal(plain.includes('\u001b'), false)
  assert.equal(barOf(run, true).includes('\u001b[32m'), true)
  assert.match(barOf({ ...run, total: 0 }, false), /^\[\.{30}\]/)
})
