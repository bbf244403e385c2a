import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { hashSync } from 'bcryptjs'
import { VirtualClock } from '@headgate/core/testing'
import type { GatewayConfigInput } from '../../../src/config/input/input.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { identityKey } from '../../../src/features/identity.ts'
import { eventually } from '../../../../../scripts/testing/eventually.ts'
import { type Answer, ask } from '../../survival/http-client.ts'
import { startService } from '../../survival/origins.ts'
import { startGateway } from '../../survival/start-gateway.ts'
import { assertRefused } from '../refused-route.ts'

type Authenticators = NonNullable<GatewayConfigInput['authenticators']>
type Authentication = GatewayConfigInput['routes'][number]['authentication']

const hashOf = (key: string): string => `sha256:${createHash('sha256').update(key).digest('hex')}`

const ANNA = hashSync('sécret', 4)
const AUTHENTICATORS: Authenticators = {
  staff: { basic: { users: { anna: ANNA }, groups: { admins: ['anna'] }, realm: 'the office' } },
  partners: {
    apiKey: {
      keys: [
        { name: 'shop', hash: hashOf('key of shop'), scopes: ['orders:read'], metadata: { tier: 'gold' } },
        { name: 'old', hash: hashOf('key of old'), expires: '2020-01-01' },
      ],
    },
  },
}

/** What the upstream has seen, by field. */
async function start(
  t: TestContext,
  authentication: Authentication,
  more: Partial<GatewayConfigInput> = {},
): Promise<(headers?: Record<string, string>, path?: string) => Promise<Answer>> {
  const { url: upstream } = await startService(t, (request, response) => {
    response.end(JSON.stringify({ ...request.headers, url: request.url }))
  })
  const requestHeaders = {
    set: {
      'x-caller': '${identity.authenticator}/${identity.subject}',
      'x-groups': '${identity.groups}',
      'x-scopes': '${identity.scopes}',
      'x-tier': '${identity.claims.tier}',
    },
  }
  const gateway = await startGateway(t, {
    authenticators: AUTHENTICATORS,
    trustedProxies: ['127.0.0.1'],
    routes: [{ name: 'it', authentication, requestHeaders, upstream }],
    ...more,
  })
  return (headers = {}, path = '/') => ask(gateway.url + path, { headers })
}

const basic = (user: string, password: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})

test('a request without credentials gets 401 with a challenge of each authenticator', async (t) => {
  const send = await start(t, ['partners', 'staff'])
  const { status, headers, content } = await send({ accept: 'application/json' })
  assert.equal(status, 401)
  assert.equal(
    headers['www-authenticate'],
    'ApiKey realm="headgate", Basic realm="the office", charset="UTF-8"',
  )
  assert.equal(JSON.parse(content).type, 'urn:headgate:unauthorized')
  assert.equal(headers['cache-control'], 'no-store')
})

test('whoever is known reaches the upstream, which is told who it is and gets no secret', async (t) => {
  const send = await start(t, ['partners', 'staff'])
  const byKey = await send({
    'x-api-key': 'key of shop',
    'x-caller': 'somebody',
    x_caller: 'else',
    'x.tier': 'iron',
  })
  assert.equal(byKey.status, 200)
  const seen = JSON.parse(byKey.content)
  assert.deepEqual(
    [
      seen['x-caller'],
      seen['x-groups'],
      seen['x-scopes'],
      seen['x-tier'],
      seen['x-api-key'],
      seen['x_caller'],
      seen['x.tier'],
    ],
    ['partners/shop', '', 'orders:read', 'gold', undefined, undefined, undefined],
  )
  const byPassword = await send(basic('anna', 'sécret'))
  assert.equal(byPassword.status, 200)
  const told = JSON.parse(byPassword.content)
  assert.deepEqual(
    [told['x-caller'], told['x-groups'], told['authorization']],
    ['staff/anna', 'admins', undefined],
  )
})

test('wrong, expired and malformed credentials are refused, also where nobody has to show any', async (t) => {
  for (const authentication of [['partners', 'staff'], { anyOf: ['partners', 'staff'], anonymous: true }]) {
    const send = await start(t, authentication, { failedAuthentication: { perClient: '100/s' } })
    for (const [headers, reason] of [
      [{ 'x-api-key': 'another key' }, 'the API key is not known'],
      [{ 'x-api-key': 'key of old' }, 'the API key has expired'],
      [{ 'x-api-key': 'x'.repeat(2000) }, 'the API key is not known'],
      [basic('anna', 'wrong'), 'user or password is wrong'],
      [basic('nobody', 'sécret'), 'user or password is wrong'],
      [{ authorization: 'Basic' }, 'the Basic credentials are malformed'],
      [{ authorization: 'Basic !!' }, 'the Basic credentials are malformed'],
      [
        { authorization: `Basic ${Buffer.from('no colon').toString('base64')}` },
        'the Basic credentials are malformed',
      ],
      [
        { authorization: `Basic ${Buffer.from([0xff, 0x3a, 0x61]).toString('base64')}` },
        'the Basic credentials are malformed',
      ],
    ] as const) {
      const { status, content } = await send({ accept: 'application/json', ...headers })
      assert.deepEqual([status, JSON.parse(content).detail], [401, reason])
    }
  }
})

test('where nobody has to show anything, a request without credentials passes without an identity', async (t) => {
  const send = await start(t, { anyOf: ['partners'], anonymous: true })
  const { status, content } = await send()
  assert.deepEqual([status, JSON.parse(content)['x-caller']], [200, '/'])
})

test('where all must know the caller, half of it is not enough, and the first one names the caller', async (t) => {
  for (const anonymous of [false, true]) {
    const send = await start(t, { allOf: ['staff', 'partners'], anonymous })
    assert.equal((await send({ 'x-api-key': 'key of shop' })).status, 401)
    assert.equal((await send(basic('anna', 'sécret'))).status, 401)
    const { status, content } = await send({ 'x-api-key': 'key of shop', ...basic('anna', 'sécret') })
    const seen = JSON.parse(content)
    assert.deepEqual(
      [status, seen['x-caller'], seen['x-groups'], seen['x-scopes']],
      [200, 'staff/anna', 'admins', 'orders:read'],
    )
  }
})

test('a key may be in a cookie, the query or Authorization, and is taken out where upstreams do not need it', async (t) => {
  const keys = [{ name: 'shop', hash: hashOf('abc') }]
  const places = { cookie: 'key', query: 'key', header: 'authorization' }
  for (const forward of [false, true]) {
    const authenticators = { partners: { apiKey: { keys, forward, ...places } } }
    const send = await start(t, 'partners', { authenticators })
    for (const [headers, path, left] of [
      [{ cookie: 'a=1; key=abc; b=2' }, '/', ['a=1; b=2', '/', undefined]],
      [{ cookie: 'key=abc' }, '/', [undefined, '/', undefined]],
      [{}, '/?a=1&%6bey=abc&b=2', [undefined, '/?a=1&b=2', undefined]],
      [{}, '/?key=abc', [undefined, '/', undefined]],
      [{ authorization: 'Bearer abc' }, '/', [undefined, '/', undefined]],
    ] as const) {
      const { status, content } = await send(headers, path)
      assert.equal(status, 200)
      const { cookie, url, authorization } = JSON.parse(content)
      const sent = [headers['cookie' as never], path, headers['authorization' as never]]
      assert.deepEqual([cookie, url, authorization], forward ? sent : left)
    }
  }
})

test('answers to failures come later and later, and are then 429; the right password does not help before the time is over', async (t) => {
  const clock = new VirtualClock()
  const { url: upstream } = await startService(t)
  const gateway = await startGateway(
    t,
    {
      authenticators: AUTHENTICATORS,
      failedAuthentication: { perClient: '4/m', perAccount: '100/m' },
      routes: [{ authentication: 'staff', upstream }],
    },
    { clock },
  )
  const send = async (headers: Record<string, string>): Promise<{ answer: Answer; waited: number }> => {
    const from = clock.now()
    const found: Answer[] = []
    const sent = ask(gateway.url, { headers }).then((answer) => found.push(answer))
    await eventually(async () => {
      await clock.advance(1)
      return found.length > 0
    }, 'the answer has come')
    await sent
    const [answer] = found
    assert.ok(answer)
    return { answer, waited: clock.now() - from }
  }
  const statuses: number[] = []
  const malformed = { authorization: 'Basic !' }
  const waits: number[] = []
  for (let count = 0; count < 4; count++) {
    const { answer, waited } = await send(malformed)
    statuses.push(answer.status)
    waits.push(waited)
  }
  assert.deepEqual(statuses, [401, 401, 401, 401])
  assert.ok((waits[3] ?? 0) >= 200 && (waits[3] ?? 0) > (waits[1] ?? 0), `waits ${waits.join(', ')}`)
  const refused = await send(basic('anna', 'sécret'))
  assert.equal(refused.answer.status, 429)
  assert.ok(Number(refused.answer.headers['retry-after']) >= 1)
  await clock.advance(60_000)
  assert.equal((await send(basic('anna', 'sécret'))).answer.status, 200)
})

test('an account that fails too often is refused from everywhere, but for who was right a moment ago', async (t) => {
  const send = await start(t, 'staff', { failedAuthentication: { perClient: '100/s', perAccount: '2/h' } })
  const from = (client: string, password: string): Promise<Answer> =>
    send({ 'x-forwarded-for': client, ...basic('anna', password) })
  assert.equal((await from('192.0.2.1', 'sécret')).status, 200)
  const statuses: number[] = []
  for (const client of ['192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5'])
    statuses.push((await from(client, 'wrong')).status)
  assert.deepEqual(statuses, [401, 401, 429, 429])
  assert.equal((await from('192.0.2.1', 'sécret')).status, 200)
})

test('limits count callers by their identity, and the log names them', async (t) => {
  const { url: upstream } = await startService(t)
  const gateway = await startGateway(t, {
    authenticators: AUTHENTICATORS,
    routes: [
      {
        authentication: { anyOf: ['partners', 'staff'], anonymous: true },
        rateLimit: { rate: '1/h', key: 'identity' },
        upstream,
      },
    ],
  })
  const statuses = []
  for (const headers of [
    { 'x-api-key': 'key of shop' },
    { 'x-api-key': 'key of shop' },
    basic('anna', 'sécret'),
    {},
    {},
  ] as Record<string, string>[])
    statuses.push((await ask(gateway.url, { headers })).status)
  assert.deepEqual(statuses, [200, 429, 200, 200, 429])
  const line = (await gateway.logged(1)) as unknown as Record<string, unknown>
  assert.deepEqual([line['identity'], line['authenticator']], ['shop', 'partners'])
})

test('what is stored for one caller is not told to another, unless the route says that it is the same for all', async (t) => {
  for (const [callers, expected] of [
    ['each', ['partners/shop', 'staff/anna', 'partners/shop']],
    ['all', ['partners/shop', 'partners/shop', 'partners/shop']],
  ] as const) {
    const { url: upstream } = await startService(t, (request, response) => {
      response.setHeader('cache-control', 'max-age=60')
      response.end(String(request.headers['x-caller']))
    })
    const gateway = await startGateway(t, {
      authenticators: AUTHENTICATORS,
      routes: [
        {
          authentication: ['partners', 'staff'],
          requestHeaders: { set: { 'x-caller': '${identity.authenticator}/${identity.subject}' } },
          cache: { key: { callers } },
          upstream,
        },
      ],
    })
    const seen = []
    for (const headers of [
      { 'x-api-key': 'key of shop' },
      basic('anna', 'sécret'),
      { 'x-api-key': 'key of shop' },
    ])
      seen.push((await ask(gateway.url, { headers })).content)
    assert.deepEqual(seen, expected)
  }
})

test('where all must know the caller, two with the same first credentials share neither what is stored nor a limit', async (t) => {
  const { url: upstream } = await startService(t, (request, response) => {
    response.setHeader('cache-control', 'max-age=60')
    response.end(String(request.headers['x-scopes']))
  })
  const people = {
    apiKey: {
      header: 'x-person',
      keys: ['alice', 'bob'].map((name) => ({ name, hash: hashOf(name), scopes: [name] })),
    },
  }
  const route = {
    authentication: { allOf: ['partners', 'people'] },
    requestHeaders: { set: { 'x-scopes': '${identity.scopes}' } },
    upstream,
  }
  const gateway = await startGateway(t, {
    authenticators: { ...AUTHENTICATORS, people },
    routes: [
      { name: 'stored', match: { path: '/stored' }, cache: {}, ...route },
      { name: 'limited', rateLimit: { rate: '1/h', key: 'identity' }, ...route },
    ],
  })
  const as = (person: string, path: string): Promise<Answer> =>
    ask(gateway.url + path, { headers: { 'x-api-key': 'key of shop', 'x-person': person } })
  const pages = []
  for (const person of ['alice', 'bob', 'alice']) pages.push((await as(person, '/stored')).content)
  assert.deepEqual(pages, ['orders:read alice', 'orders:read bob', 'orders:read alice'])
  const statuses = []
  for (const person of ['alice', 'bob', 'alice']) statuses.push((await as(person, '/limited')).status)
  assert.deepEqual(statuses, [200, 200, 429])
})

test('no two callers have the same key, whatever their subjects hold', () => {
  const key = (subject: string, also?: readonly { authenticator: string; subject: string }[]): string =>
    identityKey({ authenticator: 'a', subject, also })
  const keys = [
    key('x'),
    key('x', [{ authenticator: 'b', subject: 'y' }]),
    key('x\nb\ny'),
    key('x', [{ authenticator: 'b', subject: 'z' }]),
    key('x","b","y'),
  ]
  assert.equal(new Set(keys).size, keys.length)
})

test('guesses of a password beside an own key count by client and account, and the client is refused in the end', async (t) => {
  const guess = { 'x-api-key': 'key of shop', ...basic('anna', 'wrong') }
  const send = await start(t, ['staff', 'partners'], {
    failedAuthentication: { perClient: '3/h', perAccount: '100/h' },
  })
  const statuses = []
  for (let count = 0; count < 5; count++) statuses.push((await send(guess)).status)
  assert.deepEqual(statuses, [200, 200, 200, 429, 429])

  const other = await start(t, ['staff', 'partners'], {
    failedAuthentication: { perClient: '100/s', perAccount: '2/h' },
  })
  for (let count = 0; count < 4; count++) assert.equal((await other(guess)).status, 200)
  const from = { 'x-forwarded-for': '192.0.2.9' }
  assert.equal((await other({ ...from, ...basic('anna', 'sécret') })).status, 429)
})

test('a password that one authenticator knows is no guess at another, nor is an old key beside a good password', async (t) => {
  const send = await start(t, ['others', 'partners', 'staff'], {
    authenticators: { ...AUTHENTICATORS, others: { basic: { users: { ben: ANNA } } } },
    failedAuthentication: { perClient: '2/h', perAccount: '2/h' },
  })
  for (let count = 0; count < 5; count++)
    assert.equal((await send({ 'x-api-key': 'key of old', ...basic('anna', 'sécret') })).status, 200)
})

test('mistakes are named with their places', () => {
  assertRefused({ authentication: 'partner' }, /is not the name of an authenticator/)
  assertRefused({ authentication: { anonymous: true } }, /names no authenticator/)
  assertRefused({ authentication: { anyOf: ['a'], allOf: ['a'] } }, /has both "anyOf" and "allOf"/)
  const routes = [{ upstream: 'http://127.0.0.1:9000' }]
  for (const [authenticator, expected] of [
    [{}, /does not say how callers prove who they are/],
    [{ basic: { users: {} }, apiKey: { keys: [] } }, /has both "basic" and "apiKey"/],
    [{ basic: { users: { anna: 'secret' } } }, /is not the hash of a password/],
    [{ basic: { users: { anna: '$apr1$a$b' } } }, /is of MD5/],
    [{ basic: { users: { 'an:na': ANNA } } }, /is not the name of a user/],
    [
      { basic: { users: `anna:${ANNA}\nben:{SHA}abc` } },
      /has a line, line 2 of it, whose password is of SHA-1/,
    ],
    [{ basic: { users: `anna:${ANNA}\nanna:${ANNA}` } }, /names the user of line 2 of it a second time/],
    [{ apiKey: { keys: [{ name: 'shop', hash: 'the key itself' }] } }, /is not the hash of a key/],
    [{ apiKey: { keys: `shop ${hashOf('a')} scopes` } }, /has a word in line 1/],
    [
      { apiKey: { keys: `shop ${hashOf('a')} expires=soon` } },
      /has a mistake in line 1: is not a day or a time/,
    ],
    [{ jwt: { issuer: 'a', audience: 'b' } }, /has no keys to verify tokens with/],
    [{ jwt: { issuer: 'a', audience: 'b', secret: 'short' } }, /is too short/],
    [
      { jwt: { issuer: 'a', audience: 'b', jwks: 'https://a.example/k', algorithms: ['HS256'] } },
      /is for a secret/,
    ],
    [{ jwt: { issuer: 'a', audience: 'b', keys: '{"keys":[{"kty":"EC","d":"x"}]}' } }, /holds a private key/],
  ] as const) {
    const result = parseConfig({ authenticators: { it: authenticator }, routes })
    assert.ok(!result.ok, JSON.stringify(authenticator))
    assert.match(result.problems.map(({ message }) => message).join(), expected)
    // Not even a mistake shows a secret.
    assert.doesNotMatch(JSON.stringify(result.problems), /the key itself|\$2b\$04|sha256:[0-9a-f]{64}/)
  }
})
