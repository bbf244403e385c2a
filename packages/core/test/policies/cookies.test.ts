import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Exchange } from '../../src/message/exchange.ts'
import { type Handler, stack } from '../../src/message/handler.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { type UrlParts, urlParts } from '../../src/message/reference.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { CookieJar, type StoredCookie } from '../../src/policies/cookies/cookie-jar.ts'
import { cookies, joined } from '../../src/policies/cookies/cookies.ts'
import { redirect } from '../../src/policies/redirect/redirect.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const NOW = Date.UTC(2026, 0, 1)

function url(text: string): UrlParts {
  return urlParts(HttpRequest.to(text))
}

/** A jar after `from` has set what is given. */
function jarOf(from: string, ...values: string[]): CookieJar {
  const jar = new CookieJar()
  for (const value of values) jar.store(url(from), value, NOW)
  return jar
}

for (const [from, setCookie, to, expected] of [
  ['https://a.example/', 'x=1', 'https://a.example/', 'x=1'],
  ['https://a.example/', 'x=1', 'https://a.example:8443/', 'x=1'],
  ['https://a.example/', 'x=1', 'https://b.a.example/', undefined],
  ['https://a.example/', 'x=1', 'https://example/', undefined],
  // Domain.
  ['https://a.example.com/', 'x=1; Domain=example.com', 'https://b.example.com/', 'x=1'],
  ['https://a.example.com/', 'x=1; Domain=.example.com', 'https://example.com/', 'x=1'],
  ['https://a.example.com/', 'x=1; Domain=a.example.com', 'https://b.a.example.com/', 'x=1'],
  ['https://a.example.com/', 'x=1; Domain=example.com', 'https://evilexample.com/', undefined],
  ['https://a.example.com/', 'x=1; Domain=b.example.com', 'https://b.example.com/', undefined],
  ['https://a.example.com/', 'x=1; Domain=b.a.example.com', 'https://b.a.example.com/', undefined],
  ['https://a.example.com/', 'x=1; Domain=other.com', 'https://other.com/', undefined],
  ['https://a.example.com/', 'x=1; Domain=com', 'https://b.com/', undefined],
  ['https://a.example.com/', 'x=1; Domain=com', 'https://a.example.com/', undefined],
  ['http://localhost/', 'x=1; Domain=localhost', 'http://localhost/', 'x=1'],
  ['http://localhost/', 'x=1; Domain=localhost', 'http://a.localhost/', undefined],
  ['http://10.0.0.1/', 'x=1; Domain=10.0.0.1', 'http://10.0.0.1/', 'x=1'],
  ['http://10.0.0.1/', 'x=1; Domain=0.0.1', 'http://20.0.0.1/', undefined],
  ['http://[::1]/', 'x=1', 'http://[::1]/', 'x=1'],
  // Path.
  ['http://a.example/x/y', 'x=1', 'http://a.example/x/z', 'x=1'],
  ['http://a.example/x/y', 'x=1', 'http://a.example/', undefined],
  ['http://a.example/x', 'x=1', 'http://a.example/', 'x=1'],
  ['http://a.example/', 'x=1; Path=/x', 'http://a.example/x', 'x=1'],
  ['http://a.example/', 'x=1; Path=/x', 'http://a.example/x/y', 'x=1'],
  ['http://a.example/', 'x=1; Path=/x', 'http://a.example/xy', undefined],
  ['http://a.example/', 'x=1; Path=/x/', 'http://a.example/x/y', 'x=1'],
  ['http://a.example/', 'x=1; Path=/x/', 'http://a.example/x', undefined],
  // Secure and prefixes.
  ['https://a.example/', 'x=1; Secure', 'https://a.example/', 'x=1'],
  ['https://a.example/', 'x=1; Secure', 'http://a.example/', undefined],
  ['http://a.example/', 'x=1; Secure', 'https://a.example/', undefined],
  ['https://a.example/', '__Secure-x=1; Secure', 'https://a.example/', '__Secure-x=1'],
  ['https://a.example/', '__Secure-x=1', 'https://a.example/', undefined],
  ['https://a.example/', '__sEcUrE-x=1', 'https://a.example/', undefined],
  ['https://a.example/', '__Host-x=1; Secure; Path=/', 'https://a.example/', '__Host-x=1'],
  ['https://a.example/', '__Host-x=1; Secure', 'https://a.example/', undefined],
  ['https://a.example/', '__Host-x=1; Path=/', 'https://a.example/', undefined],
  ['https://a.b.example/', '__Host-x=1; Secure; Path=/; Domain=b.example', 'https://a.b.example/', undefined],
  [
    'https://a.b.example/',
    '__Host-x=1; Secure; Path=/; Domain=a.b.example',
    'https://a.b.example/',
    undefined,
  ],
  ['https://a.example/', '=__Host-x=1; Secure', 'https://a.example/', undefined],
  ['https://a.example/', '__Secure-x', 'https://a.example/', undefined],
  // Others.
  ['https://a.example/', 'x=1; HttpOnly; SameSite=Strict', 'https://a.example/', 'x=1'],
  ['https://a.example/', 'justvalue', 'https://a.example/', 'justvalue'],
  ['https://a.example/', 'x=1; Max-Age=0', 'https://a.example/', undefined],
] as const) {
  test(`${from} sets "${setCookie}": ${to} gets ${expected ?? 'nothing'}`, () => {
    assert.equal(jarOf(from, setCookie).header(url(to), NOW), expected)
  })
}

test('a cookie is replaced by name, domain and path, keeps its place, and is removed by an end in the past', () => {
  const jar = jarOf('http://a.example/', 'x=1', 'y=2', 'x=3')
  assert.equal(jar.header(url('http://a.example/'), NOW), 'x=3; y=2')
  assert.equal(jar.store(url('http://a.example/'), 'x=; Max-Age=0', NOW), true)
  assert.equal(jar.header(url('http://a.example/'), NOW), 'y=2')
  jar.store(url('http://a.example/'), 'y=4; Path=/z', NOW)
  assert.equal(jar.header(url('http://a.example/z'), NOW), 'y=4; y=2')
  jar.clear()
  assert.equal(jar.size, 0)
})

test('longer paths come first, then older cookies', () => {
  const jar = jarOf('http://a.example/', 'a=1', 'b=2; Path=/x/y', 'c=3; Path=/x', 'd=4')
  assert.equal(jar.header(url('http://a.example/x/y/z'), NOW), 'b=2; c=3; a=1; d=4')
})

test('a cookie ends when its time is over', () => {
  const jar = jarOf('http://a.example/', 'x=1; Max-Age=10', 'y=2')
  assert.equal(jar.header(url('http://a.example/'), NOW + 9_999), 'x=1; y=2')
  assert.equal(jar.header(url('http://a.example/'), NOW + 10_000), 'y=2')
  assert.equal(jar.size, 1)
})

test('without TLS no cookie can stand in for one that came with it', () => {
  const jar = jarOf('https://a.example/', 'sid=1; Secure', 'path=1; Secure; Path=/x')
  for (const value of ['sid=2', 'sid=2; Path=/login', 'path=2; Path=/x/y']) {
    assert.equal(jar.store(url('http://a.example/'), value, NOW), false, value)
  }
  assert.equal(jar.store(url('http://a.example/'), 'other=2', NOW), true)
  assert.equal(jar.store(url('http://a.example/'), 'path=2; Path=/', NOW), true)
  assert.equal(jar.store(url('https://a.example/'), 'sid=3', NOW), true)
})

test('the jar is bounded, for each domain and in all: what was not used for longest goes', () => {
  const jar = new CookieJar({ maxPerDomain: 3, maxTotal: 5 })
  const set = (host: string, value: string): boolean =>
    jar.store(url(`http://${host}/`), `${value}; Path=/${value[0]}`, NOW)
  for (const name of ['a=1', 'b=1', 'c=1']) set('one.example', name)
  jar.header(url('http://one.example/a'), NOW)
  set('one.example', 'd=1')
  const names = (): string =>
    jar
      .toJSON()
      .map(({ name }) => name)
      .join('')
  assert.equal(names(), 'acd')
  for (const name of ['e=1', 'f=1', 'g=1']) set('two.example', name)
  assert.equal(jar.size, 5)
  assert.ok(!names().includes('c'))
})

test('a public suffix that is told has no cookie for its children', () => {
  const jar = new CookieJar({ isPublicSuffix: (domain) => domain === 'co.uk' || !domain.includes('.') })
  assert.equal(jar.store(url('http://a.co.uk/'), 'x=1; Domain=co.uk', NOW), false)
  assert.equal(jar.store(url('http://a.co.uk/'), 'x=1; Domain=a.co.uk', NOW), true)
})

test('a jar is kept as JSON and taken up again', () => {
  const jar = jarOf('https://a.example.com/x', 'x=1; Domain=example.com; Secure; Max-Age=10', 'y=2')
  const copy = CookieJar.from(JSON.parse(JSON.stringify(jar)) as StoredCookie[])
  assert.equal(copy.header(url('https://a.example.com/x'), NOW), 'x=1; y=2')
  assert.equal(copy.header(url('https://b.example.com/'), NOW), 'x=1')
  assert.equal(copy.header(url('https://a.example.com/x'), NOW + 10_000), 'y=2')
})

/** Sets a cookie named like its host on each request, and shows what it got. */
function site(seen: string[], redirects: Readonly<Record<string, string>> = {}): Handler {
  return async ({ request }) => {
    const target = `${request.scheme}://${request.authority.text}${request.path}`
    seen.push(`${target} ${request.headers.getAll('cookie').join(' | ')}`)
    const headers = HeaderList.of([
      ['Set-Cookie', `${request.authority.host}=1`],
      ['Set-Cookie', 'also=2; Max-Age=60'],
    ])
    const location = redirects[target]
    if (location === undefined) return new HttpResponse(200, headers)
    headers.append('location', location)
    return new HttpResponse(302, headers)
  }
}

test('the policy sends what came before, together with what the caller sends', async () => {
  const seen: string[] = []
  const clock = new VirtualClock()
  const handler = cookies({ jar: new CookieJar() })(site(seen))
  const call = (headers = {}): Promise<HttpResponse> =>
    handler(new Exchange(HttpRequest.to('http://a.example/', { headers }), clock))
  await call()
  await call()
  await call({ Cookie: 'also=mine; own=3' })
  await clock.advance(60_000)
  await call()
  assert.deepEqual(seen, [
    'http://a.example/ ',
    'http://a.example/ a.example=1; also=2',
    'http://a.example/ also=mine; own=3; a.example=1',
    'http://a.example/ a.example=1',
  ])
})

test('across redirects each origin gets its own cookies, and the caller’s stay where they were meant for', async () => {
  const seen: string[] = []
  const handler = stack(
    [redirect(), cookies({ jar: new CookieJar() })],
    site(seen, { 'http://a.example/': 'http://b.example/', 'http://b.example/': 'http://a.example/2' }),
  )
  await handler(
    new Exchange(HttpRequest.to('http://a.example/', { headers: { Cookie: 'own=3' } }), new VirtualClock()),
  )
  assert.deepEqual(seen, [
    'http://a.example/ own=3',
    'http://b.example/ ',
    'http://a.example/2 a.example=1; also=2',
  ])
})

test('the caller’s cookie counts where both have one of a name', () => {
  assert.equal(joined(undefined, 'a=1'), 'a=1')
  assert.equal(joined('a=2', 'a=1; b=3'), 'a=2; b=3')
  assert.equal(joined('a=2; b=4', 'a=1; b=3'), 'a=2; b=4')
})
