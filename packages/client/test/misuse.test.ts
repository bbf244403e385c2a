import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpResponse } from '@headgate/core'
import {
  basic,
  bearer,
  type Client,
  type ClientOptions,
  createClient,
  digest,
  type FetchInit,
  oauth2,
  type Policy,
  TrafficError,
} from '../src/index.ts'
import { respond } from '../src/testing/index.ts'

const URL_OF_ALL = 'http://api.example/'

/** A client whose transport says that something was sent. */
function clientThatSends(options: ClientOptions = {}): { client: Client; sent: () => number } {
  let sent = 0
  const transport = (): Promise<HttpResponse> => {
    sent++
    return Promise.resolve(new HttpResponse(200))
  }
  return { client: createClient({ transport, ...options }), sent: () => sent }
}

/** As somebody who writes no types would call it. */
type Untyped = Readonly<Record<keyof Client, (...given: unknown[]) => unknown>>

const MISUSES: readonly [what: string, work: (client: Untyped) => unknown, message: RegExp][] = [
  [
    'an event that there is not',
    (c) => c.on('retry', () => {}),
    /^the event "retry" is not known: did you mean retry-scheduled\?/,
  ],
  ['an event in other letters', (c) => c.on('Finished', () => {}), /did you mean finished\?/],
  [
    'a name of Object.prototype',
    (c) => c.on('toString', () => {}),
    /^the event "toString" is not known: known are submitted, /,
  ],
  ['no listener', (c) => c.on('finished'), /^the listener of finished is undefined; allowed: a function/],
  [
    'post with another method',
    (c) => c.post(URL_OF_ALL, { method: 'PUT' }),
    /^option method of a call is "PUT", and the call is a POST; .*request\(method, url\)/,
  ],
  ['get without a URL', (c) => c.get(), /^the URL of a call is undefined; allowed: a string or a URL/],
  ['get of a Request', (c) => c.get(new Request(URL_OF_ALL)), /^the URL of a call is a Request; allowed/],
  ['explain of a number', (c) => c.explain(3), /^the URL of a call is 3; allowed/],
  ['request with its arguments missing', (c) => c.request('GET'), /^the URL of a call is undefined/],
  [
    'request without a method',
    (c) => c.request(undefined, URL_OF_ALL),
    /^the method of request is undefined; allowed/,
  ],
  ['options that are none', (c) => c.get(URL_OF_ALL, 3), /^the options of a call are 3; allowed: an object/],
  [
    'options of sse that are none',
    (c) => (c.sse(URL_OF_ALL, null) as AsyncGenerator).next(),
    /^the options of a call are null/,
  ],
  [
    'options of paginate that are none',
    (c) => (c.paginate(URL_OF_ALL, 3) as AsyncGenerator).next(),
    /^the options of a call are 3/,
  ],
  [
    'a way of paging that there is not',
    (c) => (c.paginate(URL_OF_ALL, { by: 3 }) as AsyncGenerator).next(),
    /^option by is 3; allowed: "link"/,
  ],
  [
    'options of a client that are none',
    (c) => c.extend('x'),
    /^the options of createClient or extend are "x"; allowed: an object/,
  ],
  [
    'init.headgate that is none',
    (c) => c.fetch(URL_OF_ALL, { headgate: 3 }),
    /^init\.headgate is 3; allowed: an object/,
  ],
  [
    'init.headgate with what the URL says',
    (c) => c.fetch(URL_OF_ALL, { headgate: { query: { a: 1 } } }),
    /^init\.headgate\.query is not known: the URL says it/,
  ],
  [
    'init.headgate with what init says',
    (c) => c.fetch(URL_OF_ALL, { headgate: { headers: {} } }),
    /^init\.headgate\.headers is not known: init\.headers/,
  ],
  [
    'a token that nobody has set',
    () => (bearer as (token: unknown) => unknown)(undefined),
    /^auth: bearer: the token is undefined; allowed: text, or a function/,
  ],
  [
    'a password that nobody has set',
    () => (basic as (...given: unknown[]) => unknown)('user'),
    /^auth: basic: the password is undefined; allowed: text/,
  ],
  [
    'a user of digest that nobody has set',
    () => (digest as () => unknown)(),
    /^auth: digest: the user is undefined/,
  ],
  [
    'oauth2 without a clientId',
    () => oauth2({ tokenUrl: URL_OF_ALL } as never),
    /^auth: oauth2: clientId is undefined/,
  ],
  [
    'respond of what is no function',
    () => (respond as (answer: unknown) => unknown)({}),
    /^respond was given no function, but object; allowed: a function/,
  ],
]

for (const [what, work, message] of MISUSES)
  test(`${what} is told with what was given and what is allowed, and nothing is sent`, async () => {
    const { client, sent } = clientThatSends({ baseUrl: URL_OF_ALL })
    await assert.rejects(async () => await work(client as unknown as Untyped), { name: 'TypeError', message })
    assert.equal(sent(), 0)
  })

test('a method that the call says itself may be said again, in any case', async () => {
  const { client, sent } = clientThatSends()
  for (const method of ['POST', 'post']) await client.post(URL_OF_ALL, { method })
  assert.equal(sent(), 2)
})

test('attempt of what is neither a promise nor a URL is an error as a value', async () => {
  const { client } = clientThatSends()
  for (const [given, shown] of [
    [() => client.get(URL_OF_ALL), 'a function'],
    [undefined, 'undefined'],
  ] as const) {
    const { error } = await client.attempt(given as never)
    assert.equal(error?.code, 'invalid_request')
    assert.equal(
      error.message,
      `attempt was given ${shown}; allowed: a call or another promise, or a URL with options`,
    )
  }
})

test('what is no schema is told by get and its like, and passed over by fetch, as the platform does', async () => {
  const client = createClient({ transport: { fetch: () => Response.json({ a: 1 }) } })
  for (const wrong of [3, null, () => true, { parse: () => 1 }])
    await assert.rejects(client.get(URL_OF_ALL).json(wrong as never), {
      name: 'TypeError',
      message: /^option schema of json\(\) is .*; allowed: a schema of the Standard Schema kind/,
    })
  const response = await client.fetch(URL_OF_ALL)
  assert.deepEqual(await (response.json as (given: unknown) => Promise<unknown>)({ reviver: 1 }), { a: 1 })
})

test('a policy that returns no handler is refused when the client is made', async () => {
  const wrong: readonly [policy: unknown, message: RegExp][] = [
    // As middleware of other frameworks is written: its promise fails, which is no unhandled rejection.
    [
      async function timed(_exchange: unknown, next: () => Promise<void>) {
        await next()
      },
      /^policies\[0\] of createClient \(timed\) has returned a promise; allowed: a handler/,
    ],
    [() => undefined, /^policies\[0\] of createClient has returned undefined; allowed: a handler/],
  ]
  for (const [policy, message] of wrong)
    assert.throws(() => createClient({ policies: [policy as Policy] }), { name: 'TypeError', message })
  await new Promise(setImmediate)
})

test('a policy that brings no response fails the call with its name', async () => {
  const forgets: Policy = (next) => async (exchange) => {
    await next(exchange)
    return undefined as never
  }
  for (const [policy, said] of [
    [forgets, 'undefined'],
    [() => () => Promise.resolve(new Response() as never), 'a Response'],
  ] as const) {
    const { client } = clientThatSends({ policies: [policy], retry: false })
    const { error } = await client.attempt(URL_OF_ALL)
    assert.equal(error?.code, 'internal')
    assert.match(
      error.message,
      new RegExp(`^policies\\[0\\] of createClient.* has returned ${said}; allowed: an HttpResponse`),
    )
  }
})

test('a policy that refuses a call says so with the code forbidden, once', async () => {
  let asked = 0
  const refuse: Policy =
    () =>
    ({ request }) => {
      asked++
      return Promise.reject(new TrafficError('forbidden', `${request.method} is not for this program`))
    }
  const { client, sent } = clientThatSends({ policies: [refuse] })
  const { error } = await client.attempt(URL_OF_ALL)
  assert.deepEqual(
    [error?.code, error?.status, error?.source, asked, sent()],
    ['forbidden', 403, 'local', 1, 0],
  )
  const init: FetchInit = { method: 'POST' }
  await assert.rejects(client.fetch(URL_OF_ALL, init), { name: 'TypeError', code: 'forbidden' })
})
