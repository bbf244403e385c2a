import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseNoProxy } from '../../src/upstream/proxy/no-proxy.ts'
import { type Environment, proxyFor } from '../../src/upstream/proxy/proxy.ts'

for (const [list, host, port, expected] of [
  ['', 'a.example', 80, false],
  ['*', 'a.example', 80, true],
  ['*', '10.0.0.1', 80, true],
  ['a.example', 'a.example', 80, true],
  ['a.example', 'A.Example.', 80, true],
  ['a.example', 'b.a.example', 80, true],
  ['.a.example', 'b.a.example', 80, true],
  ['*.a.example', 'b.c.a.example', 80, true],
  ['.a.example', 'a.example', 80, true],
  ['a.example', 'ba.example', 80, false],
  ['a.example', 'a.example.evil', 80, false],
  ['a.example:8080', 'a.example', 8080, true],
  ['a.example:8080', 'a.example', 80, false],
  ['*:8080', 'a.example', 8080, true],
  ['x, a.example ,, y', 'a.example', 80, true],
  ['x a.example', 'a.example', 80, true],
  ['10.0.0.0/8', '10.1.2.3', 80, true],
  ['10.0.0.0/8', '11.1.2.3', 80, false],
  ['10.0.0.0/8:8080', '10.1.2.3', 8080, true],
  ['10.0.0.0/8:8080', '10.1.2.3', 80, false],
  ['10.0.0.0/8', '[::ffff:10.1.2.3]', 80, true],
  ['10.0.0.0/8', '0xa.1', 80, true],
  ['10.0.0.0/8', '10.example', 80, false],
  ['127.0.0.1', '127.0.0.1', 80, true],
  ['127.0.0.1:80', '127.0.0.1', 81, false],
  ['::1', '[::1]', 80, true],
  ['[::1]', '::1', 80, true],
  ['[::1]:8080', '[::1]', 80, false],
  ['fd00::/8', '[fd12::1]', 80, true],
  ['0.0.0.1', 'a.0.0.0.1', 80, false],
  ['127.0.0.1,10.*', '10.1.2.3', 80, true],
  ['10.*', '110.1.2.3', 80, false],
  ['192.168.*.7', '192.168.1.7', 80, true],
  ['192.168.*.7:81', '192.168.1.7', 80, false],
  ['api-*.a.example', 'api-1.a.example', 80, true],
  ['api-*.a.example', 'api-1xa.example', 80, false],
  ['*a.example', 'xa.example', 80, true],
  ['.a.example:81', 'b.a.example', 81, true],
  ['http://a.example, a/b, a:0, [x], a..b, <local>, b.example', 'b.example', 80, true],
  ['http://a.example, a/b, a:0, [x], a..b, <local>, b.example', 'a.example', 80, false],
] as const) {
  test(`"${list}" ${expected ? 'covers' : 'does not cover'} ${host}:${port}`, () => {
    assert.equal(parseNoProxy(list).matches(host, port), expected)
  })
}

test('what means nothing in a list is passed over, and told once', async () => {
  const warnings: string[] = []
  const listener = (warning: Error): void => void warnings.push(warning.message)
  process.on('warning', listener)
  for (const list of ['10.0.0.1/8', ['10.0.0.1/8', 'a:99999'], ' 10.0.0.1/8'])
    assert.equal(parseNoProxy(list).matches('10.0.0.1', 80), false)
  await new Promise(setImmediate)
  process.off('warning', listener)
  assert.deepEqual(
    warnings.filter((message) => /"(?:10\.0\.0\.1\/8|a:99999)" means nothing/.test(message)).length,
    2,
  )
})

const HTTP = { host: 'a.example', port: 80, scheme: 'http' } as const
const HTTPS = { host: 'a.example', port: 443, scheme: 'https' } as const

test('the URL of a proxy says all about it', () => {
  const common = { tls: undefined, credentials: undefined }
  const parse = (url: string): unknown => proxyFor(HTTPS, { url }, {})
  assert.deepEqual(parse('http://Proxy.example:3128/'), {
    ...common,
    kind: 'http-connect',
    http: 'connect',
    secure: false,
    names: 'remote',
    host: 'proxy.example',
    port: 3128,
  })
  assert.deepEqual(parse('https://[::1]'), {
    ...common,
    kind: 'http-connect',
    http: 'connect',
    secure: true,
    names: 'remote',
    host: '::1',
    port: 443,
  })
  assert.deepEqual(parse('socks5h://us%40er:p%3aw@10.0.0.1'), {
    ...common,
    kind: 'socks5',
    http: 'connect',
    secure: false,
    names: 'remote',
    host: '10.0.0.1',
    port: 1080,
    credentials: { user: 'us@er', password: 'p:w' },
  })
  assert.equal((parse('socks5://p') as { names: string }).names, 'local')
})

test('a URL that is not valid is refused without telling the password in it', () => {
  for (const url of [
    'ftp://u:hunter2@p',
    'u:hunter2@p:80',
    'http://u:hunter2@',
    'http://u:hunter2@p:99999',
    'http://u:hunter2@p/path',
    'http://u:hunter2%zz@p',
    'http://u%3Ax:hunter2@p',
    'socks5://:hunter2@p',
    `socks5://u:hunter2${'x'.repeat(256)}@p`,
  ]) {
    assert.throws(
      () => proxyFor(HTTPS, { url }, {}),
      (error: unknown) => {
        assert.ok(error instanceof TypeError && error.message.startsWith('proxy.url is not valid: '))
        return !error.message.includes('hunter2')
      },
      url,
    )
  }
})

test('hosts that need no proxy are reached directly', () => {
  const setting = { url: 'http://p', noProxy: ['a.example'] }
  assert.equal(proxyFor(HTTPS, setting, {}), undefined)
  assert.equal(proxyFor({ ...HTTPS, host: 'c.example' }, setting, {})?.host, 'p')
})

for (const [environment, http, https] of [
  [{}, undefined, undefined],
  [{ http_proxy: 'http://one:1' }, 'one', undefined],
  [{ HTTPS_PROXY: 'http://two:2' }, undefined, 'two'],
  [{ https_proxy: 'http://one', HTTPS_PROXY: 'http://two' }, undefined, 'one'],
  [{ ALL_PROXY: 'socks5://all', http_proxy: 'one:3128' }, 'one', 'all'],
  [{ http_proxy: '', HTTP_PROXY: 'http://two' }, 'two', undefined],
  [{ HTTP_PROXY: 'http://evil', REQUEST_METHOD: 'GET' }, undefined, undefined],
  [{ http_proxy: 'http://one', REQUEST_METHOD: 'GET' }, 'one', undefined],
  [{ ALL_PROXY: 'http://all', NO_PROXY: '.example' }, undefined, undefined],
  [{ ALL_PROXY: 'http://all', no_proxy: 'a.example:443' }, 'all', undefined],
] as const satisfies readonly (readonly [Environment, string | undefined, string | undefined])[]) {
  test(`the environment ${JSON.stringify(environment)} sends http by ${http} and https by ${https}`, () => {
    assert.equal(proxyFor(HTTP, 'environment', environment)?.host, http)
    assert.equal(proxyFor(HTTPS, 'environment', environment)?.host, https)
  })
}
