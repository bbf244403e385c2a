import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { bodyFrom, collect } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import type { Handler } from '../../src/message/handler.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { auth, type Credentials } from '../../src/policies/auth/auth.ts'
import type { OAuth2Options } from '../../src/policies/auth/oauth2-grant.ts'
import { oauth2 } from '../../src/policies/auth/oauth2.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const OPTIONS: OAuth2Options = {
  tokenUrl: 'https://id.example/token',
  clientId: 'my client',
  clientSecret: 's3cret:ü',
  origins: ['https://api.example'],
}

/** A token endpoint, and the origin that the tokens are for. */
class Site {
  readonly clock: VirtualClock = new VirtualClock()
  readonly tokenRequests: {
    readonly form: Record<string, string>
    readonly authorization: string | undefined
  }[] = []
  /** Of the origin's requests. */
  readonly seen: string[] = []
  /** What the origin takes; undefined: any token. */
  accepted: string | undefined
  /** What the origin's answers wait for, in turn. */
  readonly delays: Promise<void>[] = []
  respond: (count: number) => Promise<readonly [status: number, content: unknown]> = async (count) => [
    200,
    { access_token: `t${count}`, token_type: 'Bearer', expires_in: 3600 },
  ]

  private readonly fetchToken: Handler = async ({ request }) => {
    const form = Object.fromEntries(new URLSearchParams((await collect(request.body)).toString()))
    const count = this.tokenRequests.push({ form, authorization: request.headers.get('authorization') })
    const [status, content] = await this.respond(count)
    return new HttpResponse(
      status,
      undefined,
      bodyFrom(typeof content === 'string' ? content : JSON.stringify(content)),
    )
  }

  begin(credentials: Credentials): { readonly exchange: Exchange; readonly status: Promise<number> } {
    const exchange = new Exchange(HttpRequest.to('https://api.example/x'), this.clock)
    const handler = auth({ credentials, fetchToken: this.fetchToken })(async ({ request }) => {
      const value = request.headers.get('authorization') ?? '-'
      this.seen.push(value)
      await this.delays.shift()
      return new HttpResponse(this.accepted === undefined || value === `Bearer ${this.accepted}` ? 200 : 401)
    })
    return { exchange, status: handler(exchange).then(({ status }) => status) }
  }

  call(credentials: Credentials): Promise<number> {
    return this.begin(credentials).status
  }
}

test('one token is fetched for all who wait, and kept', async () => {
  const site = new Site()
  const credentials = oauth2({
    ...OPTIONS,
    scope: ['a', 'b'],
    audience: 'api',
    parameters: { resource: 'r' },
  })
  const statuses = await Promise.all(Array.from({ length: 20 }, () => site.call(credentials)))
  assert.deepEqual(new Set(statuses), new Set([200]))
  assert.equal(await site.call(credentials), 200)
  assert.deepEqual(new Set(site.seen), new Set(['Bearer t1']))
  assert.deepEqual(site.tokenRequests, [
    {
      form: { grant_type: 'client_credentials', scope: 'a b', audience: 'api', resource: 'r' },
      // Both parts as in a form (RFC 6749 2.3.1).
      authorization: `Basic ${Buffer.from('my+client:s3cret%3A%C3%BC').toString('base64')}`,
    },
  ])
})

test('the secret can go into the form, and a public client has none', async () => {
  const site = new Site()
  await site.call(oauth2({ ...OPTIONS, clientAuthentication: 'client_secret_post' }))
  await site.call(oauth2({ ...OPTIONS, clientSecret: undefined, refreshToken: 'r' }))
  assert.deepEqual(site.tokenRequests, [
    {
      form: { grant_type: 'client_credentials', client_id: 'my client', client_secret: 's3cret:ü' },
      authorization: undefined,
    },
    {
      form: { grant_type: 'refresh_token', refresh_token: 'r', client_id: 'my client' },
      authorization: undefined,
    },
  ])
})

test('a token is replaced before it ends, while it still serves, and nobody waits for that', async () => {
  const site = new Site()
  const credentials = oauth2(OPTIONS)
  await site.call(credentials)
  await site.clock.advance(3_600_000 - 60_001)
  await site.call(credentials)
  assert.equal(site.tokenRequests.length, 1)
  // By chance between 45 and 60 seconds before the end.
  await site.clock.advance(15_001)
  const late = Promise.withResolvers<void>()
  site.respond = async () => {
    await late.promise
    return [200, { access_token: 'new', token_type: 'bearer', expires_in: 3600 }]
  }
  assert.deepEqual([await site.call(credentials), await site.call(credentials)], [200, 200])
  assert.equal(site.tokenRequests.length, 2)
  late.resolve()
  await site.clock.advance(0)
  await site.call(credentials)
  assert.deepEqual(site.seen, ['Bearer t1', 'Bearer t1', 'Bearer t1', 'Bearer t1', 'Bearer new'])
})

test('processes that started together do not all refresh at the same moment', async () => {
  const moments = new Set<number>()
  for (let seed = 1; seed <= 8; seed++) {
    const site = new Site()
    Object.assign(site, { clock: new VirtualClock({ seed }) })
    const credentials = oauth2(OPTIONS)
    await site.call(credentials)
    await site.clock.advance(3_600_000 - 60_000)
    while (site.tokenRequests.length === 1) {
      await site.clock.advance(500)
      await site.call(credentials)
    }
    moments.add(site.clock.now())
  }
  assert.ok(moments.size > 4, `${moments.size} moments`)
})

test('an early refresh that fails is no failure, and is not repeated with each request', async () => {
  const site = new Site()
  const credentials = oauth2(OPTIONS)
  await site.call(credentials)
  site.respond = async () => [503, '']
  await site.clock.advance(3_600_000 - 40_000)
  for (let round = 0; round < 10; round++) assert.equal(await site.call(credentials), 200)
  assert.equal(site.tokenRequests.length, 2)
  await site.clock.advance(5_001)
  await site.call(credentials)
  await site.clock.advance(0)
  assert.equal(site.tokenRequests.length, 3)
  await site.clock.advance(40_000)
  await assert.rejects(site.call(credentials), { code: 'auth_failed' })
})

test('after a 401 a fresh token is fetched, once for all who met it', async () => {
  const site = new Site()
  const credentials = oauth2(OPTIONS)
  await site.call(credentials)
  site.accepted = 't2'
  assert.deepEqual(
    await Promise.all([site.call(credentials), site.call(credentials), site.call(credentials)]),
    [200, 200, 200],
  )
  assert.equal(site.tokenRequests.length, 2)
  site.accepted = 'none'
  assert.equal(await site.call(credentials), 401)
  assert.equal(site.tokenRequests.length, 3)
})

test('a 401 to a token that was replaced meanwhile needs no further token', async () => {
  const site = new Site()
  const late = Promise.withResolvers<void>()
  const credentials = oauth2(OPTIONS)
  site.accepted = 't2'
  site.delays.push(late.promise)
  const slow = site.call(credentials)
  assert.equal(await site.call(credentials), 200)
  late.resolve()
  assert.equal(await slow, 200)
  assert.deepEqual(site.seen, ['Bearer t1', 'Bearer t1', 'Bearer t2', 'Bearer t2'])
  assert.equal(site.tokenRequests.length, 2)
})

test('a refresh token that the server replaces is replaced, and its owner told', async () => {
  const site = new Site()
  const told: string[] = []
  site.respond = async (count) => [
    200,
    { access_token: `t${count}`, token_type: 'bearer', expires_in: '60', refresh_token: `r${count}` },
  ]
  const credentials = oauth2({ ...OPTIONS, refreshToken: 'r0', onRefreshToken: (token) => told.push(token) })
  for (let round = 0; round < 3; round++) {
    await site.call(credentials)
    await site.clock.advance(60_001)
  }
  assert.deepEqual(
    site.tokenRequests.map(({ form }) => form['refresh_token']),
    ['r0', 'r1', 'r2'],
  )
  assert.deepEqual(told, ['r1', 'r2', 'r3'])
})

test('who gives up leaves the others and the fetch alone', async () => {
  const site = new Site()
  const late = Promise.withResolvers<void>()
  site.respond = async () => {
    await late.promise
    return [200, { access_token: 't', token_type: 'bearer' }]
  }
  const credentials = oauth2(OPTIONS)
  const first = site.begin(credentials)
  const second = site.begin(credentials)
  first.exchange.cancel(new TrafficError('cancelled', 'enough'))
  await assert.rejects(first.status, { code: 'cancelled' })
  late.resolve()
  assert.equal(await second.status, 200)
  assert.equal(site.tokenRequests.length, 1)
  // Without expires_in a token serves until it is refused.
  await site.clock.advance(1e9)
  assert.equal(await site.call(credentials), 200)
  assert.equal(site.tokenRequests.length, 1)
})

for (const [what, respond, message] of [
  [
    'refuses',
    async () => [400, { error: 'invalid_client', error_description: 's3cret:ü' }],
    /https:\/\/id\.example\/token answered with status 400 \(invalid_client\)/,
  ],
  ['refuses in other words', async () => [401, { error: 's3cret: ü' }], /status 401: check/],
  ['answers no JSON', async () => [200, 's3cret:ü'], /without a valid access_token/],
  ['answers null', async () => [200, 'null'], /without a valid access_token/],
  [
    'gives a token that no field can hold',
    async () => [200, { access_token: 'a\r\nb: s3cret:ü', token_type: 'bearer' }],
    /without a valid access_token/,
  ],
  [
    'gives a token of another type',
    async () => [200, { access_token: 's3cret:ü', token_type: 'mac' }],
    /without a valid|another type/,
  ],
  [
    'gives a life that is no number',
    async () => [200, { access_token: 'x', token_type: 'bearer', expires_in: 's3cret:ü' }],
    /expires_in/,
  ],
  ['answers with too much', async () => [200, 'x'.repeat(300_000)], /more than 262144 bytes/],
  [
    'cannot be reached',
    () => Promise.reject(new TrafficError('connect_failed', 'no route to id.example')),
    /connect_failed: no route/,
  ],
] as const) {
  test(`a token endpoint that ${what} fails the call, and the next call asks again`, async () => {
    const site = new Site()
    site.respond = respond as Site['respond']
    const credentials = oauth2(OPTIONS)
    const error: unknown = await site.call(credentials).catch((thrown: unknown) => thrown)
    assert.ok(error instanceof TrafficError && error.code === 'auth_failed', String(error))
    assert.match(error.message, message)
    assert.doesNotMatch(inspect(error, { depth: 10 }), /s3cret:ü/)
    assert.deepEqual(site.seen, [])
    site.respond = async () => [200, { access_token: 't', token_type: 'bearer' }]
    assert.equal(await site.call(credentials), 200)
  })
}

test('options that are not valid are refused by name', () => {
  for (const [options, message] of [
    [{ clientId: '' }, /clientId is empty/],
    [{ clientSecret: undefined }, /needs the option clientSecret/],
    [{ tokenUrl: 'id.example' }, /tokenUrl is not valid/],
    [{ refreshBefore: -1 }, /refreshBefore: -1 is not valid/],
    [
      { clientAuthentication: 'jwt' as 'client_secret_post' },
      /clientAuthentication: "jwt" is not valid; allowed/,
    ],
  ] as const) {
    assert.throws(() => oauth2({ ...OPTIONS, ...options }), { name: 'TypeError', message })
  }
  assert.throws(
    () => auth({ credentials: oauth2({ ...OPTIONS, origins: undefined }) }),
    /oauth2 credentials are bound/,
  )
})
