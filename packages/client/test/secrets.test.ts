import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { respond, VirtualClock } from '../src/testing/index.ts'
import {
  basic,
  bearer,
  type CallOptions,
  type Client,
  type ClientOptions,
  createClient,
  TrafficError,
} from '../src/index.ts'
import { clientOf, originOf } from './origin.ts'

const CANARY = 'C4N4RY'
const URL_PATH = `/x?token=${CANARY}&q=${CANARY}`
const headers = { authorization: `Bearer ${CANARY}`, cookie: `a=${CANARY}`, 'x-key': CANARY }

/** Everything that somebody may print of a value. */
function printed(value: unknown): string {
  const error = value instanceof Error ? `${value.message}\n${value.stack}\n${String(value.cause)}` : ''
  return [inspect(value, { depth: 20 }), JSON.stringify(value), error].join('\n')
}

function assertSilent(what: string, value: unknown): void {
  const text = printed(value)
  assert.ok(!text.includes(CANARY), `${what} tells a secret:\n${text.slice(0, 3_000)}`)
}

type Failing = readonly [what: string, options: ClientOptions, url: string, call?: CallOptions]
const answers: Readonly<Record<string, () => Response>> = {
  status: () =>
    new Response(CANARY, { status: 500, headers: { 'set-cookie': `s=${CANARY}`, 'x-a': CANARY } }),
  json: () => new Response(`${CANARY} is no JSON`),
  loop: () => Response.redirect(`http://api.example/loop?again=${CANARY}`, 302),
  elsewhere: () =>
    new Response(null, { status: 302, headers: { location: `ftp://${CANARY}.example/?${CANARY}` } }),
  large: () => new Response(CANARY.repeat(1_000)),
  gzip: () => new Response(CANARY, { headers: { 'content-encoding': 'gzip' } }),
}
const transport = respond((request) => {
  const make = answers[new URL(request.url).pathname.slice(1)]
  return make === undefined ? Response.json({ ok: true }) : make()
})

const FAILURES: readonly Failing[] = [
  ['a URL that is none', {}, `http://[::1:bad/?${CANARY}`],
  ['a URL without a base', { baseUrl: undefined }, `x?${CANARY}`],
  ['a URL with credentials', {}, `http://u:${CANARY}@api.example/`],
  ['a broken URL with credentials', {}, `http://u:${CANARY}@[bad/#${CANARY}`],
  ['a URL of another scheme', {}, `ftp://u:${CANARY}@h/?${CANARY}#${CANARY}`],
  ['a reference that leaves its base', { baseUrl: 'http://api.example/v1' }, `../x?${CANARY}`],
  ['a status', {}, `/status?${CANARY}`],
  ['content that is no JSON', {}, `/json?${CANARY}`],
  ['redirects without end', {}, `/loop?${CANARY}`],
  ['a redirect that cannot be followed', {}, `/elsewhere?${CANARY}`],
  ['redirects as errors', {}, `/loop?${CANARY}`, { redirectMode: 'error' }],
  ['a body too large', { maxBufferedBody: 10 }, `/large?${CANARY}`],
  ['a body beyond maxBody', { maxBody: 10 }, `/large?${CANARY}`],
  ['a body that cannot be decoded', {}, `/gzip?${CANARY}`],
  ['a signal', {}, URL_PATH, { signal: AbortSignal.abort() }],
  ['a field that cannot be sent', {}, URL_PATH, { headers: { 'x-a': `${CANARY}\n` } }],
  ['a parameter that cannot be sent', {}, URL_PATH, { query: { a: { b: CANARY } as never } }],
  ['credentials that cannot be had', { headers: {}, auth: bearer(() => `${CANARY} ${CANARY}`) }, URL_PATH],
  ['a connection that is refused', { transport: undefined, baseUrl: 'http://127.0.0.1:1' }, URL_PATH],
  ['a guarded address', { transport: undefined, guard: true, baseUrl: 'http://127.0.0.1:1' }, URL_PATH],
  [
    'a proxy that is not there',
    { transport: undefined, baseUrl: 'http://api.example', proxy: `http://u:${CANARY}@127.0.0.1:1` },
    URL_PATH,
  ],
]

for (const [what, options, url, call] of FAILURES)
  test(`${what}: neither the error nor an event, a span or a figure tells a secret`, async (t) => {
    const client = clientOf(t, {
      baseUrl: 'http://api.example',
      transport,
      headers,
      retry: false,
      lint: false,
      ...options,
    })
    const events = told(client)
    const { error } = await client.attempt(client.get(url, call).json())
    assert.ok(error instanceof TrafficError)
    assertSilent('the error', error)
    assertSilent('an event', events)
    assertSilent('a figure', client.metrics())
  })

function told(client: Client): unknown[] {
  const events: unknown[] = []
  const names = [
    'submitted',
    'attempt-started',
    'response-received',
    'attempt-failed',
    'cancelled',
    'finished',
  ] as const
  for (const name of names) client.on(name, (event) => events.push(event))
  return events
}

test('a deadline names the call, without its query', async () => {
  const clock = new VirtualClock()
  const client = createClient({
    clock,
    transport: () => new Promise(() => {}),
    baseUrl: 'http://api.example',
  })
  const [{ error }] = await Promise.all([client.attempt(URL_PATH), clock.advance(30_000)])
  assert.match(error?.message ?? '', /^GET http:\/\/api\.example\/x was not complete within 30000 ms/)
  assertSilent('the deadline', error)
})

test('neither client, call, response nor explanation shows a secret', async (t) => {
  const client = clientOf(t, {
    baseUrl: 'http://api.example',
    transport,
    headers,
    auth: basic('u', CANARY),
    cookies: true,
  })
  const call = client.get(URL_PATH)
  assertSilent('the client', client)
  assertSilent('an extended client', client.extend({ headers: { 'x-b': CANARY } }))
  assertSilent('the call', call)
  assertSilent('the response', await call)
  assertSilent('the explanation', client.explain(URL_PATH))
  assertSilent('credentials', basic('u', CANARY))
})

test('an option that is not valid is refused without its secret', () => {
  const wrong: Record<string, unknown>[] = [
    { baseUrl: `ftp://u:${CANARY}@x.example/?${CANARY}` },
    { baseUrl: `http://x.example/?${CANARY}` },
    { headers: { a: `${CANARY}\n` } },
    { proxy: `ftp://u:${CANARY}@127.0.0.1` },
    { proxy: { url: `http://u:${CANARY}%@127.0.0.1` } },
    { tls: { ca: CANARY } },
    { auth: { token: CANARY } },
  ]
  for (const options of wrong)
    assert.throws(
      () => createClient(options),
      (error) => {
        assertSilent(Object.keys(options).join(), error)
        return true
      },
    )
})

test('an error shows what is known of it, and nothing that is not', () => {
  assert.deepEqual(Object.keys(new TrafficError('connect_failed', 'refused')), [
    'name',
    'code',
    'source',
    'replaySafe',
  ])
  const error = new TrafficError('rate_limited', 'wait', { phase: 'queue' })
  error.retryAfter = 5
  assert.deepEqual(Object.fromEntries(Object.entries(error)), {
    name: 'TrafficError',
    code: 'rate_limited',
    source: 'local',
    phase: 'queue',
    replaySafe: 'unknown',
    retryAfter: 5,
  })
  assert.equal(new TrafficError('internal', '').attempts, 0)
})

test('the stack of an error ends with the line that made the call', async (t) => {
  const url = await originOf(t, (_request, response) => response.socket?.destroy())
  const client = clientOf(t, { retry: false })
  async function theCaller(way: () => Promise<unknown>): Promise<unknown> {
    return await way()
  }
  const ways: (() => Promise<unknown>)[] = [
    async () => await client.get(url),
    async () => await client.get(url).json(),
    async () => await client.get(url).text(),
    async () => await client.fetch(url),
    async () => await client.get('http://[bad'),
    async () => await clientOf(t, { transport, baseUrl: 'http://api.example' }).get('/status'),
  ]
  for (const way of ways)
    await assert.rejects(theCaller(way), (error: Error) => {
      assert.match(error.stack ?? '', /theCaller \(.*secrets\.test\.ts/, way.toString())
      return true
    })
})
