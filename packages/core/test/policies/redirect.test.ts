import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Body, bodyFrom, collect } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { ReplayBody } from '../../src/message/replay.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { decideRedirect } from '../../src/policies/redirect/redirect-decision.ts'
import { redirect, type RedirectOptions, redirectsOf } from '../../src/policies/redirect/redirect.ts'
import { urlParts } from '../../src/message/reference.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { FilledBody } from '../h1/harness.ts'

/** `status location` by URL; everything else is answered with 200. */
type Site = Readonly<Record<string, string>>

interface Run {
  /** `METHOD url`, then the fields, then the content. */
  readonly seen: string[]
  readonly outcome: HttpResponse | TrafficError
  readonly exchange: Exchange
}

interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Body
  readonly options?: RedirectOptions
  /** What a policy behind this one adds. */
  readonly inner?: (headers: HeaderList) => void
}

async function run(url: string, site: Site, asked: Asked = {}): Promise<Run> {
  const { options, inner, ...rest } = asked
  const exchange = new Exchange(HttpRequest.to(url, rest), new VirtualClock())
  const seen: string[] = []
  const handler = redirect(options)(async ({ request }) => {
    const target = `${request.scheme}://${request.authority.text}${request.path}${request.query}`
    inner?.(request.headers)
    const fields = [...request.headers].map(({ name, value }) => `${name}: ${value}`)
    const content = (await collect(request.body)).toString()
    seen.push([`${request.method} ${target}`, ...fields, ...(content ? [content] : [])].join('\n'))
    const [status = '200', ...location] = (site[target] ?? '200').split(' ')
    const headers = new HeaderList()
    for (const each of location) headers.append('location', each)
    return new HttpResponse(Number(status), headers, bodyFrom('moved'))
  })
  const outcome = await handler(exchange).catch((error: unknown) => TrafficError.from(error))
  return { seen, outcome, exchange }
}

function refusal({ outcome }: Run): TrafficError {
  assert.ok(outcome instanceof TrafficError, 'it must fail')
  return outcome
}

for (const [method, status, next, keepsBody] of [
  ['GET', 301, 'GET', true],
  ['GET', 302, 'GET', true],
  ['GET', 303, 'GET', true],
  ['GET', 307, 'GET', true],
  ['HEAD', 301, 'HEAD', true],
  ['HEAD', 303, 'HEAD', true],
  ['POST', 301, 'GET', false],
  ['POST', 302, 'GET', false],
  ['POST', 303, 'GET', false],
  ['POST', 307, 'POST', true],
  ['POST', 308, 'POST', true],
  ['PUT', 301, 'PUT', true],
  ['PUT', 302, 'PUT', true],
  ['PUT', 303, 'GET', false],
  ['DELETE', 303, 'GET', false],
  ['PATCH', 308, 'PATCH', true],
] as const) {
  test(`${method} answered with ${status} goes on as ${next}, ${keepsBody ? 'with' : 'without'} its content`, () => {
    const request = {
      method,
      url: urlParts(HttpRequest.to('http://a.example/')),
      body: 'replayable',
    } as const
    const decision = decideRedirect(request, { status, locations: ['/next'] })
    assert.ok(decision.kind === 'follow')
    assert.deepEqual([decision.method, decision.dropBody], [next, !keepsBody])
    const spent = decideRedirect({ ...request, body: 'spent' }, { status, locations: ['/next'] })
    // Fetch 4.4, step 10: also where GET takes its place, but for 303.
    assert.equal(spent.kind, keepsBody || status !== 303 ? 'refuse' : 'follow')
  })
}

for (const status of [200, 201, 300, 304, 305, 306, 404]) {
  test(`${status} is no redirect that is followed`, async () => {
    const { seen, outcome } = await run('http://a.example/', { 'http://a.example/': `${status} /b` })
    assert.ok(outcome instanceof HttpResponse)
    assert.deepEqual([outcome.status, seen.length], [status, 1])
  })
}

test('a redirect without a location is delivered as it is', async () => {
  const { outcome } = await run('http://a.example/', { 'http://a.example/': '302' })
  assert.ok(outcome instanceof HttpResponse && outcome.status === 302)
})

test('each hop is a request of its own, relative to the one before; the last is what the exchange shows', async () => {
  const { seen, exchange, outcome } = await run('http://a.example/x/y?q', {
    'http://a.example/x/y?q': '302 z?p',
    'http://a.example/x/z?p': '301 https://b.example/1#fragment',
    'https://b.example/1': '307 //c.example:8443/',
  })
  assert.ok(outcome instanceof HttpResponse && outcome.status === 200)
  assert.deepEqual(seen, [
    'GET http://a.example/x/y?q',
    'GET http://a.example/x/z?p',
    'GET https://b.example/1',
    'GET https://c.example:8443/',
  ])
  assert.equal(exchange.request.authority.text, 'c.example:8443')
  assert.deepEqual(redirectsOf(exchange), [
    { status: 302, from: 'http://a.example/x/y?q', to: 'http://a.example/x/z?p' },
    { status: 301, from: 'http://a.example/x/z?p', to: 'https://b.example/1' },
    { status: 307, from: 'https://b.example/1', to: 'https://c.example:8443/' },
  ])
})

const SECRETS = {
  Authorization: 'Bearer s',
  Cookie: 'sid=s',
  'Proxy-Authorization': 'Basic s',
  'X-Api-Key': 's',
  Accept: '*/*',
}

for (const [from, to, kept] of [
  ['https://a.example/', 'https://a.example/b', true],
  ['https://a.example/', 'https://a.example:443/b', true],
  ['https://a.example/', 'http://a.example/', false],
  ['http://a.example/', 'https://a.example/', false],
  ['https://a.example/', 'https://a.example:8443/', false],
  ['https://a.example/', 'https://www.a.example/', false],
  ['https://a.example/', 'https://a.example.evil/', false],
  ['https://a.example/', '//b.example/', false],
] as const) {
  test(`credentials are ${kept ? 'kept' : 'dropped'} from ${from} to ${to}`, async () => {
    const options = { credentialHeaders: ['X-API-Key'] }
    const { seen } = await run(from, { [from]: `307 ${to}` }, { headers: SECRETS, options })
    const fields = seen[1]?.split('\n').slice(1)
    if (kept) assert.equal(fields?.length, 5)
    else assert.deepEqual(fields, ['accept: */*'])
  })
}

test('credentials that were dropped do not come back on the way home', async () => {
  const { seen } = await run(
    'https://a.example/',
    { 'https://a.example/': '302 https://b.example/', 'https://b.example/': '302 https://a.example/2' },
    { headers: { Authorization: 'Bearer s' } },
  )
  assert.deepEqual(seen.slice(1), ['GET https://b.example/', 'GET https://a.example/2'])
})

test('what policies within added to one request is not part of the next', async () => {
  const { seen } = await run(
    'https://a.example/',
    { 'https://a.example/': '302 /b' },
    { inner: (headers) => headers.append('x-added', '1') },
  )
  assert.deepEqual(seen, ['GET https://a.example/\nx-added: 1', 'GET https://a.example/b\nx-added: 1'])
})

test('the content goes along with 307 and 308, and with what it says of itself', async () => {
  const body = new ReplayBody(() => bodyFrom('content'), 7)
  for (const asked of [{ body: bodyFrom('content') }, { body }]) {
    const { seen } = await run(
      'http://a.example/',
      { 'http://a.example/': '307 /b', 'http://a.example/b': '308 /c' },
      { method: 'POST', headers: { 'Content-Type': 'text/plain' }, ...asked },
    )
    assert.equal(seen.length, 3)
    for (const each of seen) assert.match(each, /^POST [^\n]+\ncontent-type: text\/plain\ncontent$/)
  }
})

test('without the content nothing is said of it', async () => {
  const { seen } = await run(
    'http://a.example/',
    { 'http://a.example/': '303 /b' },
    { method: 'POST', headers: { 'Content-Type': 'text/plain', Accept: '*/*' }, body: bodyFrom('content') },
  )
  assert.equal(seen[1], 'GET http://a.example/b\naccept: */*')
})

test('content that cannot be sent again ends the way', async () => {
  const filled = new FilledBody()
  filled.push('once')
  filled.body.end()
  const failed = await run(
    'http://a.example/',
    { 'http://a.example/': '307 /b' },
    { method: 'POST', body: filled.body },
  )
  assert.equal(refusal(failed).code, 'redirect_refused')
  assert.match(refusal(failed).message, /body that cannot be sent again; give it as bytes or as a function/)
})

for (const location of [
  'javascript:alert(1)',
  'file:///etc/passwd',
  'https://u:p@b.example/',
  'http://',
  '/x /y',
]) {
  test(`a location that cannot be followed is refused: ${location}`, async () => {
    const failed = await run('http://a.example/?token=hidden', {
      'http://a.example/?token=hidden': `302 ${location}`,
    })
    assert.equal(refusal(failed).code, 'redirect_refused')
    assert.match(refusal(failed).message, /^the redirect from http:\/\/a\.example\/\?… is not followed: /)
    assert.equal(failed.seen.length, 1)
    assert.doesNotMatch(refusal(failed).message, /u:p/)
  })
}

for (const [location, target] of [
  ['/a%2fb?', 'http://a.example/a%2fb?'],
  ['/x"y', 'http://a.example/x%22y'],
  ['\\x', 'http://a.example/x'],
  ['/%ff#f', 'http://a.example/%ff'],
  ['/\xc3\xbc', 'http://a.example/%C3%BC'],
  ['/\xfc', 'http://a.example/%C3%BC'],
] as const) {
  test(`a location is read as the URL standard reads it: ${location}`, async () => {
    const way = await run('http://a.example/', { 'http://a.example/': `302 ${location}`, [target]: '200' })
    assert.deepEqual(way.seen.slice(1), [`GET ${target}`])
  })
}

test('at most twenty redirects are followed', async () => {
  const site = Object.fromEntries(
    Array.from({ length: 30 }, (_, n) => [`http://a.example/${n}`, `302 /${n + 1}`]),
  )
  const failed = await run('http://a.example/0', site)
  assert.deepEqual([refusal(failed).code, failed.seen.length], ['too_many_redirects', 21])
  assert.match(refusal(failed).message, /20 redirects were followed/)
  const few = await run('http://a.example/0', site, { options: { limit: 2 } })
  assert.equal(few.seen.length, 3)
  const none = await run('http://a.example/0', site, { options: { limit: 0 } })
  assert.equal(none.seen.length, 1)
})

test('what goes in a circle ends at the limit; one visit more, as with a cookie that is set, is none', async () => {
  const circle = await run('http://a.example/0', {
    'http://a.example/0': '302 /1',
    'http://a.example/1': '302 /0',
  })
  assert.deepEqual([refusal(circle).code, circle.seen.length], ['too_many_redirects', 21])
  let visits = 0
  const exchange = new Exchange(HttpRequest.to('http://a.example/'), new VirtualClock())
  const response = await redirect()(async () =>
    visits++ === 0 ? new HttpResponse(302, HeaderList.of({ Location: '/' })) : new HttpResponse(200),
  )(exchange)
  assert.equal(response.status, 200)
})

test('redirects are delivered or refused where they are not to be followed, as each exchange wants', async () => {
  const site = { 'http://a.example/': '302 /b' }
  const manual = await run('http://a.example/', site, { options: { mode: 'manual' } })
  assert.ok(manual.outcome instanceof HttpResponse && manual.outcome.status === 302)
  const error = await run('http://a.example/', site, { options: { mode: () => 'error' } })
  assert.equal(refusal(error).code, 'redirect_refused')
})

test('the body of a redirect is read away, or cut where it is long', async () => {
  const bodies = [new FilledBody(10), new FilledBody(10_000_000)]
  for (const filled of bodies) {
    const exchange = new Exchange(HttpRequest.to('http://a.example/'), new VirtualClock())
    await redirect()(async ({ request }) =>
      request.path === '/'
        ? new HttpResponse(302, HeaderList.of({ Location: '/b' }), filled.body)
        : new HttpResponse(200),
    )(exchange)
  }
  assert.deepEqual(
    bodies.map(({ resumed, cancelled }) => [resumed > 0, cancelled !== undefined]),
    [
      [true, false],
      [false, true],
    ],
  )
})

test('each hop has its own tries', async () => {
  const exchange = new Exchange(HttpRequest.to('http://a.example/'), new VirtualClock())
  const tries: number[] = []
  await redirect()(async (each) => {
    tries.push(++each.attempts)
    return tries.length === 1
      ? new HttpResponse(302, HeaderList.of({ Location: '/b' }))
      : new HttpResponse(200)
  })(exchange)
  assert.deepEqual(tries, [1, 1])
})

test('a limit that is not valid is named', () => {
  for (const limit of [-1, 1.5, Number.NaN]) {
    assert.throws(() => redirect({ limit }), {
      name: 'TypeError',
      message: /^redirect\.limit: .* a whole number from 0$/,
    })
  }
})
