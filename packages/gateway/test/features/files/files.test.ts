import assert from 'node:assert/strict'
import { symlinkSync, utimesSync } from 'node:fs'
import { test } from 'node:test'
import { createClient } from '@headgate/client'
import { folderOf, siteOf } from './site.ts'

test('a file is answered with its type, length, validators and content', async (t) => {
  const root = folderOf(t, { 'a b.html': '<p>é</p>', 'data.json': '{}', 'odd.unknown-type': '?', empty: '' })
  utimesSync(`${root}/data.json`, 1_700_000_000, 1_700_000_000)
  const ask = await siteOf(t, { root })
  const page = await ask('/a%20b.html')
  assert.deepEqual([page.status, page.text], [200, '<p>é</p>'])
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
  assert.equal(page.headers['content-length'], '9')
  assert.equal(page.headers['accept-ranges'], 'bytes')
  assert.match(String(page.headers.etag), /^"[\w-]{22}"$/)
  const data = await ask('/data.json')
  assert.equal(data.headers['last-modified'], 'Tue, 14 Nov 2023 22:13:20 GMT')
  assert.equal(data.headers['content-type'], 'application/json; charset=utf-8')
  assert.equal((await ask('/odd.unknown-type')).headers['content-type'], 'application/octet-stream')
  const empty = await ask('/empty')
  assert.deepEqual([empty.status, empty.headers['content-length'], empty.text], [200, '0', ''])
})

test('HEAD is answered as GET, without the content', async (t) => {
  const ask = await siteOf(t, { root: folderOf(t, { a: 'text', large: Buffer.alloc(100_000) }) })
  for (const path of ['/a', '/large']) {
    const [got, head] = [await ask(path), await ask(path, {}, 'HEAD')]
    assert.deepEqual([head.status, head.text], [200, ''])
    for (const name of ['content-length', 'etag', 'last-modified', 'content-type', 'accept-ranges'])
      assert.equal(head.headers[name], got.headers[name], name)
  }
})

test('other methods are refused with those that there are', async (t) => {
  const ask = await siteOf(t, { root: folderOf(t, { a: 'text' }) })
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const answer = await ask('/a', { 'content-length': '0' }, method)
    assert.deepEqual([answer.status, answer.headers.allow], [405, 'GET, HEAD'], method)
  }
})

test('conditions are held against the file', async (t) => {
  const root = folderOf(t, { a: 'text' })
  utimesSync(`${root}/a`, 1_700_000_000, 1_700_000_000)
  const ask = await siteOf(t, { root })
  const tag = String((await ask('/a')).headers.etag)
  const modified = 'Tue, 14 Nov 2023 22:13:20 GMT'
  const before = 'Tue, 14 Nov 2023 22:13:19 GMT'
  const cases: [number, Record<string, string>][] = [
    [304, { 'if-none-match': tag }],
    [304, { 'if-none-match': `"x", W/${tag}` }],
    [304, { 'if-none-match': '*' }],
    [200, { 'if-none-match': '"x"' }],
    [304, { 'if-modified-since': modified }],
    [200, { 'if-modified-since': before }],
    [200, { 'if-modified-since': modified, 'if-none-match': '"x"' }],
    [200, { 'if-match': tag }],
    [200, { 'if-match': '*' }],
    [412, { 'if-match': `W/${tag}` }],
    [412, { 'if-match': '"x"', 'if-none-match': tag }],
    [200, { 'if-unmodified-since': modified }],
    [412, { 'if-unmodified-since': before }],
    [200, { 'if-unmodified-since': 'yesterday' }],
  ]
  for (const [status, headers] of cases)
    assert.equal((await ask('/a', headers)).status, status, JSON.stringify(headers))
  const has = await ask('/a', { 'if-none-match': tag })
  assert.deepEqual([has.headers.etag, has.headers['content-type'], has.text], [tag, undefined, ''])
})

test('a folder is answered with its index, and sent to the slash at its end where that is missing', async (t) => {
  const root = folderOf(t, {
    'index.html': 'home',
    'docs/index.html': 'docs',
    'docs/a.html': 'a',
    'none/x': 'x',
  })
  const ask = await siteOf(t, { root })
  assert.equal((await ask('/')).text, 'home')
  assert.equal((await ask('/docs/')).text, 'docs')
  const there = await ask('/docs?q=1')
  assert.deepEqual([there.status, there.headers.location], [308, './docs/?q=1'])
  for (const path of ['/none', '/none/', '/docs/a.html/', '/index.html/'])
    assert.equal((await ask(path)).status, 404, path)
})

test('a prefix is cut off, and is a folder itself', async (t) => {
  const root = folderOf(t, { 'index.html': 'home', 'a.html': 'a' })
  const ask = await siteOf(t, { root, stripPrefix: '/site' })
  assert.equal((await ask('/site/a.html')).text, 'a')
  assert.equal((await ask('/site/')).text, 'home')
  assert.equal((await ask('/site')).headers.location, './site/')
})

test('what is not there is answered by the fallback where the last part has no dot, else by the page of a 404', async (t) => {
  const root = folderOf(t, { 'index.html': 'app', '404.html': 'gone', 'about.html': 'about' })
  const ask = await siteOf(t, { root, fallback: '/index.html', notFound: '/404.html', extensions: ['.html'] })
  for (const [path, status, text] of [
    ['/orders/7', 200, 'app'],
    ['/orders/7/', 200, 'app'],
    ['/about', 200, 'about'],
    ['/assets/old.js', 404, 'gone'],
    ['/.env', 404, 'gone'],
  ] as const) {
    const answer = await ask(path)
    assert.deepEqual([answer.status, answer.text], [status, text], path)
  }
  const gone = await ask('/old.js', { range: 'bytes=0-1', 'if-none-match': '*' })
  assert.deepEqual([gone.status, gone.text], [404, 'gone'])
})

test('without such pages a 404 is problem details', async (t) => {
  const ask = await siteOf(t, { root: folderOf(t, { a: '' }) })
  const answer = await ask('/b')
  assert.equal(answer.status, 404)
  assert.equal((JSON.parse(answer.text) as { type: string }).type, 'urn:headgate:file_not_found')
  assert.doesNotMatch(answer.text, /headgate-files/)
})

test('Cache-Control and types are those of the first rule that fits', async (t) => {
  const root = folderOf(t, { 'assets/a.js': '', 'assets/b.html': '', 'index.html': '', 'x.foo': '' })
  const ask = await siteOf(t, {
    root,
    cacheControl: [
      { files: '*.html', value: 'no-cache' },
      { files: '/assets/**', value: 'public, max-age=31536000, immutable' },
    ],
    types: { '.foo': 'text/foo', '.js': 'text/javascript' },
  })
  const said = async (path: string): Promise<unknown> => (await ask(path)).headers['cache-control']
  assert.equal(await said('/assets/a.js'), 'public, max-age=31536000, immutable')
  assert.equal(await said('/assets/b.html'), 'no-cache')
  assert.equal(await said('/'), 'no-cache')
  const foo = await ask('/x.foo')
  assert.deepEqual([foo.headers['cache-control'], foo.headers['content-type']], [undefined, 'text/foo'])
  assert.equal((await ask('/assets/a.js')).headers['content-type'], 'text/javascript')
})

test('a file that was compressed before is sent to who takes it', async (t) => {
  const root = folderOf(t, {
    'a.js': 'plain',
    'a.js.gz': 'gz',
    'a.js.br': 'br',
    'old.js': 'new',
    'old.js.gz': 'stale',
  })
  utimesSync(`${root}/old.js.gz`, 1_000_000_000, 1_000_000_000)
  const ask = await siteOf(t, { root })
  const sent = async (path: string, accepted?: string): Promise<unknown[]> => {
    const { text, headers } = await ask(path, accepted === undefined ? {} : { 'accept-encoding': accepted })
    return [text, headers['content-encoding'], headers.vary, headers['content-type']]
  }
  const type = 'text/javascript; charset=utf-8'
  assert.deepEqual(await sent('/a.js', 'gzip, br'), ['br', 'br', 'accept-encoding', type])
  assert.deepEqual(await sent('/a.js', 'gzip, br;q=0.5'), ['gz', 'gzip', 'accept-encoding', type])
  assert.deepEqual(await sent('/a.js', 'zstd'), ['plain', undefined, 'accept-encoding', type])
  assert.deepEqual(await sent('/a.js'), ['plain', undefined, 'accept-encoding', type])
  assert.deepEqual(await sent('/old.js', 'gzip'), ['new', undefined, undefined, type])
  const tags = new Set([
    (await ask('/a.js')).headers.etag,
    (await ask('/a.js', { 'accept-encoding': 'gzip' })).headers.etag,
    (await ask('/a.js', { 'accept-encoding': 'br' })).headers.etag,
  ])
  assert.equal(tags.size, 3)
})

test('symbolic links are followed inside of the root alone, unless the configuration says otherwise', async (t) => {
  const outside = folderOf(t, { secret: 'secret' })
  const root = folderOf(t, { 'real/a': 'a' })
  symlinkSync('real', `${root}/link`)
  symlinkSync(`${outside}/secret`, `${root}/out`)
  symlinkSync(outside, `${root}/folder`)
  symlinkSync('loop', `${root}/loop`)
  const statuses = async (symlinks: 'none' | 'inside' | 'anywhere'): Promise<number[]> => {
    const ask = await siteOf(t, { root, symlinks })
    const paths = ['/link/a', '/out', '/folder/secret', '/loop', '/real/a']
    return (await Promise.all(paths.map((path) => ask(path)))).map(({ status }) => status)
  }
  assert.deepEqual(await statuses('none'), [404, 404, 404, 404, 200])
  assert.deepEqual(await statuses('inside'), [200, 404, 404, 404, 200])
  assert.deepEqual(await statuses('anywhere'), [200, 200, 200, 404, 200])
})

test('a root that is a symbolic link is served, and another folder once it leads there', async (t) => {
  const releases = folderOf(t, { 'one/a': 'one', 'two/a': 'two' })
  symlinkSync('one', `${releases}/current`)
  const ask = await siteOf(t, { root: `${releases}/current`, symlinks: 'none' })
  assert.equal((await ask('/a')).text, 'one')
})

test('the client of the same program gets files without a socket', async (t) => {
  const { createGateway } = await import('../../../src/embedding/create-gateway.ts')
  const root = folderOf(t, { 'a.json': '{"a":1}' })
  const gateway = await createGateway({ routes: [{ files: { root } }] })
  t.after(() => gateway.close(0))
  const client = createClient({ baseUrl: 'http://site.example', transport: gateway.handler })
  t.after(() => client.close())
  assert.deepEqual(await client.get('/a.json').json(), { a: 1 })
})
