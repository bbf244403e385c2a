import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { type Body, bodyFrom, collect, StreamBody } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { ReplayBody } from '../../src/message/replay.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { auth, type Credentials } from '../../src/policies/auth/auth.ts'
import { apiKey, basic } from '../../src/policies/auth/basic.ts'
import { bearer } from '../../src/policies/auth/bearer.ts'
import { digest } from '../../src/policies/auth/digest.ts'
import { oauth2 } from '../../src/policies/auth/oauth2.ts'
import { redirect } from '../../src/policies/redirect/redirect.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const ORIGIN = 'https://api.example'

interface Run {
  /** URL, Authorization and content of each request. */
  readonly seen: string[]
  readonly outcome: HttpResponse | TrafficError
  readonly request: HttpRequest
}

interface Asked {
  readonly url?: string
  readonly method?: string
  readonly body?: Body
  readonly headers?: Readonly<Record<string, string>>
  /** Of each response in turn, the last one again and again; `302 location` redirects. */
  readonly statuses?: readonly string[]
  readonly field?: string
  readonly origins?: readonly string[]
}

async function run(credentials: Credentials, asked: Asked = {}): Promise<Run> {
  const {
    url = `${ORIGIN}/x`,
    statuses = ['200'],
    field = 'authorization',
    origins = [ORIGIN],
    ...rest
  } = asked
  const request = HttpRequest.to(url, rest)
  const exchange = new Exchange(request, new VirtualClock())
  const seen: string[] = []
  const handler = redirect()(
    auth({ credentials, origins })(async ({ request: { scheme, authority, path, query, headers, body } }) => {
      const content = (await collect(body)).toString()
      const value = headers.get(field) ?? '-'
      seen.push(`${scheme}://${authority.text}${path}${query} ${value}${content && ` ${content}`}`)
      const [status, location] = (statuses[seen.length - 1] ?? statuses.at(-1) ?? '200').split(' ')
      const answer = HeaderList.of(location === undefined ? {} : { location })
      return new HttpResponse(Number(status), answer, bodyFrom('content'))
    }),
  )
  const outcome = await handler(exchange).catch((error: unknown) => TrafficError.from(error))
  return { seen, outcome, request }
}

function statusOf({ outcome }: Run): number {
  assert.ok(outcome instanceof HttpResponse, inspect(outcome))
  return outcome.status
}

function failureOf({ outcome }: Run): TrafficError {
  assert.ok(outcome instanceof TrafficError, 'it must fail')
  return outcome
}

test('credentials of all simple kinds are added', async () => {
  for (const [credentials, field, expected] of [
    [bearer('t0ken'), 'authorization', `${ORIGIN}/x Bearer t0ken`],
    [bearer(() => 't0ken'), 'authorization', `${ORIGIN}/x Bearer t0ken`],
    [bearer(async () => 't0ken'), 'authorization', `${ORIGIN}/x Bearer t0ken`],
    // RFC 7617 section 2.1: "test" and "123£" in UTF-8.
    [basic('test', '123£'), 'authorization', `${ORIGIN}/x Basic dGVzdDoxMjPCow==`],
    [apiKey({ header: 'X-Api-Key', value: 'k' }), 'x-api-key', `${ORIGIN}/x k`],
    [apiKey({ query: 'api key', value: 'k&1' }), 'x', `${ORIGIN}/x?api%20key=k%261 -`],
  ] as const) {
    assert.deepEqual((await run(credentials, { field })).seen, [expected])
  }
  const asked = await run(apiKey({ query: 'key', value: 'k' }), { url: `${ORIGIN}/x?a=1` })
  assert.deepEqual(asked.seen, [`${ORIGIN}/x?a=1&key=k -`])
})

for (const [url, origins, sent] of [
  ['https://api.example/x', ['https://API.example:443/'], true],
  ['https://api.example/x', ['http://api.example'], false],
  ['http://api.example/x', ['https://api.example'], false],
  ['https://api.example:8443/x', ['https://api.example'], false],
  ['https://api.example:8443/x', ['https://a.example', 'https://api.example:8443'], true],
  ['https://www.api.example/x', ['https://api.example'], false],
  ['https://api.example.evil.example/x', ['https://api.example'], false],
] as const) {
  test(`credentials for ${origins.join()} are ${sent ? '' : 'not '}sent to ${url}`, async () => {
    for (const credentials of [bearer('t'), bearer('t', { origins })]) {
      const given = credentials.origins === undefined ? origins : ['https://other.example']
      const { seen } = await run(credentials, { url, origins: given })
      assert.deepEqual(seen, [`${url} ${sent ? 'Bearer t' : '-'}`])
    }
  })
}

test('credentials that are bound to nothing, or to no origin, are refused', () => {
  for (const [origins, message] of [
    [undefined, /bearer credentials are bound to origins, and none are known: give the client a baseUrl/],
    [[], /none are known/],
    [['api.example'], /origins: "api\.example" is not valid; allowed: an origin/],
    [['https://api.example/path'], /is not valid/],
    [['https://user@api.example'], /is not valid/],
    [['ftp://api.example'], /is not valid/],
  ] as const) {
    assert.throws(() => auth({ credentials: bearer('t'), origins }), { name: 'TypeError', message })
    assert.throws(() => auth({ credentials: bearer('t', { origins: origins ?? [] }) }), TypeError)
  }
})

test('a redirect to another origin goes without the credentials, one within goes with them', async () => {
  const { seen } = await run(bearer('t'), {
    statuses: ['302 /y', '302 https://evil.example/', `302 ${ORIGIN}/z`, '200'],
  })
  assert.deepEqual(seen, [
    `${ORIGIN}/x Bearer t`,
    `${ORIGIN}/y Bearer t`,
    'https://evil.example/ -',
    `${ORIGIN}/z Bearer t`,
  ])
  const query = await run(apiKey({ query: 'k', value: 'v' }), {
    statuses: ['302 ?a=1', '302 //evil.example', '200'],
  })
  assert.deepEqual(query.seen, [`${ORIGIN}/x?k=v -`, `${ORIGIN}/x?a=1&k=v -`, 'https://evil.example/ -'])
})

test('what the caller wrote into the field itself stays, and comes out again', async () => {
  const headers = { authorization: 'Own x' }
  const { seen, request } = await run(bearer('t'), { headers, statuses: ['401'] })
  assert.deepEqual(seen, [`${ORIGIN}/x Own x`])
  assert.equal(request.headers.get('authorization'), 'Own x')
})

test('outside of the policy the request holds no credentials, whatever came of it', async () => {
  for (const statuses of [['200'], ['401'], ['302']]) {
    const one = await run(
      bearer(({ rejected }) => (rejected ? 'b' : 'a')),
      { statuses },
    )
    const other = await run(apiKey({ query: 'key', value: 'secret' }), { statuses, url: `${ORIGIN}/x?a=1` })
    assert.equal(one.request.headers.has('authorization'), false)
    assert.equal(other.request.query, '?a=1')
  }
  const failing = auth({ credentials: bearer('t'), origins: [ORIGIN] })(() =>
    Promise.reject(new TypeError('x')),
  )
  const exchange = new Exchange(HttpRequest.to(ORIGIN), new VirtualClock())
  await assert.rejects(failing(exchange), /x/)
  assert.equal(exchange.request.headers.has('authorization'), false)
})

test('after a 401 a function is asked for another token, once, and told which one was refused', async () => {
  const asked: (string | undefined)[] = []
  const token = ({ rejected }: { readonly rejected: string | undefined }): string => {
    asked.push(rejected)
    return `t${asked.length}`
  }
  const renewed = await run(bearer(token), {
    method: 'POST',
    body: bodyFrom('content'),
    statuses: ['401', '200'],
  })
  assert.deepEqual(renewed.seen, [`${ORIGIN}/x Bearer t1 content`, `${ORIGIN}/x Bearer t2 content`])
  assert.deepEqual(asked, [undefined, 't1'])
  assert.equal(statusOf(renewed), 200)
  const refused = await run(bearer(token), { statuses: ['401'] })
  assert.equal(refused.seen.length, 2)
  assert.equal(statusOf(refused), 401)
})

test('a 401 is delivered where another try would be the same: no function, or the same token again', async () => {
  for (const credentials of [
    bearer('t'),
    bearer(async () => 't'),
    basic('u', 'p'),
    apiKey({ header: 'x', value: 'k' }),
  ]) {
    const refused = await run(credentials, { statuses: ['401'] })
    assert.equal(refused.seen.length, 1)
    assert.equal(statusOf(refused), 401)
  }
})

test('a request whose body cannot be sent again is not, one that makes it afresh is', async () => {
  const renewing = bearer(({ rejected }) => (rejected ? 'b' : 'a'))
  const stream = (): Body => {
    const body = new StreamBody(undefined, { resumeBody() {}, cancelBody() {} })
    body.push(Buffer.from('once'))
    body.end()
    return body
  }
  const once = await run(renewing, { method: 'POST', body: stream(), statuses: ['401', '200'] })
  assert.deepEqual(once.seen, [`${ORIGIN}/x Bearer a once`])
  assert.equal(statusOf(once), 401)
  const again = await run(renewing, {
    method: 'POST',
    body: new ReplayBody(stream),
    statuses: ['401', '200'],
  })
  assert.deepEqual(again.seen, [`${ORIGIN}/x Bearer a once`, `${ORIGIN}/x Bearer b once`])
})

test('a token function that throws, or gives no token, fails the call without telling what it gave', async () => {
  const thrown = new Error('secret in the message')
  for (const token of [
    () => {
      throw thrown
    },
    () => Promise.reject(thrown),
    () => 'sec\nret',
    () => 'sec ret',
    () => '',
    async () => undefined as unknown as string,
  ]) {
    const error = failureOf(await run(bearer(token)))
    assert.equal(error.code, 'auth_failed')
    assert.equal(error.replaySafe, 'unsent')
    assert.doesNotMatch(error.message, /sec/)
    assert.ok(error.cause === undefined || error.cause === thrown)
  }
})

test('the content of a 401 that is not delivered is read, so that its connection is free again', async () => {
  for (const token of ['new', 'not a token']) {
    const credentials = bearer(({ rejected }) => (rejected === undefined ? 'old' : token))
    let resumed = 0
    const handler = auth({ credentials, origins: [ORIGIN] })(async ({ request }) => {
      if (request.headers.get('authorization') === 'Bearer new') return new HttpResponse(200)
      const body = new StreamBody(undefined, { resumeBody: () => resumed++, cancelBody() {} })
      return new HttpResponse(401, undefined, body)
    })
    const call = handler(new Exchange(HttpRequest.to(ORIGIN), new VirtualClock()))
    const outcome = await call.then(
      ({ status }) => status,
      ({ code }: TrafficError) => code,
    )
    assert.equal(outcome, token === 'new' ? 200 : 'auth_failed')
    assert.equal(resumed, 1)
  }
})

test('a call that is given up does not wait for its token', async () => {
  const exchange = new Exchange(HttpRequest.to(ORIGIN), new VirtualClock())
  const credentials = bearer(() => new Promise<string>(() => {}))
  const call = auth({ credentials, origins: [ORIGIN] })(() => Promise.reject(new Error('sent')))(exchange)
  exchange.cancel(new TrafficError('cancelled', 'enough'))
  await assert.rejects(call, { code: 'cancelled' })
})

test('credentials show no secret to inspect, JSON or error messages', () => {
  const all = [
    bearer('s3cret'),
    bearer(() => 's3cret'),
    basic('user', 's3cret'),
    apiKey({ header: 'x-api-key', value: 's3cret' }),
    digest('user', 's3cret'),
    oauth2({
      tokenUrl: 'https://id.example/token',
      clientId: 'id',
      clientSecret: 's3cret',
      refreshToken: 's3cret',
    }),
  ]
  const hidden = Buffer.from('user:s3cret').toString('base64')
  for (const credentials of all) {
    const shown = inspect(credentials, { depth: 10, showHidden: true }) + JSON.stringify(credentials)
    assert.ok(!shown.includes('s3cret') && !shown.includes(hidden), shown)
  }
  for (const make of [
    () => bearer('s3cret\n'),
    () => basic('user', 's3cret\0'),
    () => digest('user', 's3cret\r'),
    () => apiKey({ header: 'x', value: 's3cret\n' }),
    () => apiKey({ header: 'x y', value: 's3cret' }),
    () => apiKey({ value: 's3cret' }),
    () => oauth2({ tokenUrl: '/token', clientId: 'id', clientSecret: 's3cret' }),
  ]) {
    assert.throws(make, (error) => error instanceof TypeError && !inspect(error).includes('s3cret'))
  }
})
