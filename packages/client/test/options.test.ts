import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpResponse } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import {
  apiKey,
  basic,
  bearer,
  type ClientOptions,
  CookieJar,
  createClient,
  digest,
  type Finding,
  type Handler,
  oauth2,
} from '../src/index.ts'
import { fromMsw } from '../src/testing/index.ts'

const WRONG: readonly [options: Record<string, unknown>, message: RegExp][] = [
  [{ retires: 3 }, /^option retires is not known: known are timeout, retry/],
  [{ rettry: 3 }, /^option rettry is not known: did you mean retry\?/],
  [{ retry: -1 }, /^option retry is -1; allowed: false; or a whole number above 0; or an object/],
  [{ retry: { attempts: 0 } }, /^option retry\.attempts is 0; allowed: a whole number above 0/],
  [{ retry: { statuses: [200] } }, /^option retry\.statuses\[0\] is 200; allowed: a status from 400 to 599/],
  [{ retry: { budget: 2 } }, /^option retry\.budget is 2; allowed: a number from 0 to 1/],
  [{ timeout: 0 }, /^option timeout is 0; allowed: milliseconds above 0/],
  [{ timeout: '5s' }, /^option timeout is "5s"; allowed: milliseconds above 0/],
  [{ timeout: { atempt: 3 } }, /^option timeout\.atempt is not known: did you mean attempt\?/],
  [
    { preset: 'fast' },
    /^option preset is "fast"; allowed: "standard" or "fetch" or "untrusted" or "minimal" or "crawler"/,
  ],
  [{ baseUrl: 'ftp://x.example' }, /^option baseUrl: .*its scheme is neither http nor https/],
  [{ baseUrl: 'https://user:secret@x.example' }, /^option baseUrl: .*it holds credentials/],
  [{ headers: { 'a b': 'x' } }, /^option headers: "a b" is not a header field name/],
  [{ headers: { a: 'x\r\ny: z' } }, /^option headers: the value of header field a holds a control character/],
  [{ headers: { Host: 'x' } }, /^option headers: header field Host is made by the client itself/],
  [{ guard: { deny: ['10.0.0.1/8'] } }, /10\.0\.0\.1\/8/],
  [{ breaker: { window: -1 } }, /window of the breaker is -1/],
  [{ rateLimit: { rate: 0 } }, /rate of the rate limit is 0/],
  [{ hedge: { delay: -1 } }, /delay of the hedge is -1/],
  [{ guard: { denny: ['10.0.0.0/8'] } }, /^option guard\.denny is not known: did you mean deny\?/],
  [{ tls: { verfy: false } }, /^option tls\.verfy is not known: did you mean verify\?/],
  [{ tls: { verify: 'false' } }, /^option tls\.verify is "false"; allowed: true or false/],
  [
    { proxy: { url: 'http://p', tls: { crt: 'x' } } },
    /^option proxy\.tls\.crt is not known: did you mean cert\?/,
  ],
  [{ proxy: 'ftp://127.0.0.1:1' }, /^option proxy: proxy\.url is not valid: it is not of the form http:/],
  [{ proxy: { url: 'http://u:%@127.0.0.1' } }, /^option proxy: proxy\.url is not valid/],
  [{ tls: { ca: 'none' } }, /^option tls: tls\.ca holds no certificate/],
  [{ pool: { max: 3 } }, /^option pool\.max is not known: did you mean maxConnections\?/],
  [{ retry: { backoff: { bases: 3 } } }, /^option retry\.backoff\.bases is not known: did you mean base\?/],
  [
    { hedge: { delay: { percentil: 0.9 } } },
    /^option hedge\.delay\.percentil is not known: did you mean percentile\?/,
  ],
  [
    { concurrency: { limit: { inital: 3 } } },
    /^option concurrency\.limit\.inital is not known: did you mean initial\?/,
  ],
  [{ breaker: { probe: 1 } }, /^option breaker\.probe is not known: did you mean probes\?/],
  [{ rateLimit: { rate: 1, pre: 1 } }, /^option rateLimit\.pre is not known: did you mean per\?/],
  [{ dedupe: { field: [] } }, /^option dedupe\.field is not known: did you mean fields\?/],
  [{ pacing: { maxwait: 1 } }, /^option pacing\.maxwait is not known: did you mean maxWait\?/],
  [{ decompress: { maxSise: 1 } }, /^option decompress\.maxSise is not known: did you mean maxSize\?/],
  [{ pool: { idleTimeout: Number.NaN } }, /^option pool\.idleTimeout is NaN; allowed: milliseconds from 0/],
  [{ pool: { maxAge: -1 } }, /^option pool\.maxAge is -1; allowed: milliseconds from 0/],
  [{ pool: { pendingTimeout: Number.NaN } }, /^option pool\.pendingTimeout is NaN/],
  [
    { pool: { maxConnections: Number.NaN } },
    /^option pool\.maxConnections is NaN; allowed: a whole number above 0/,
  ],
  [{ pool: { maxPending: -1 } }, /^option pool\.maxPending is -1; allowed: a whole number from 0/],
  [{ retry: { backoff: { base: Number.NaN } } }, /^option retry\.backoff\.base is NaN/],
  [{ retry: { backoff: { max: -1 } } }, /^option retry\.backoff\.max is -1/],
  [
    { retry: { backoff: { jitter: 'some' } } },
    /^option retry\.backoff\.jitter is "some"; allowed: "full" or/,
  ],
  [{ dedupe: { buffer: Number.NaN } }, /^option dedupe\.buffer is NaN/],
  [{ auth: 'Bearer t0k3n' }, /^option auth is a string; allowed: false; or credentials/],
  [{ cookies: 'a=t0k3n' }, /^option cookies is a string; allowed: true or false; or a CookieJar/],
  [{ tls: { ca: ['a', 5] } }, /^option tls\.ca\[1\] is 5; allowed: a string that is not empty; or a Buffer$/],
  [{ tls: { ca: [] } }, /^option tls: tls\.ca is an empty list: leave it out, or give a certificate/],
  [{ tls: { cert: [], key: 'k' } }, /^option tls: tls\.cert is an empty list/],
  [{ tls: { pins: ['sha256/abc'] } }, /^option tls: tls\.pins: "sha256\/abc" is no pin/],
  [{ tls: { pins: 'k'.repeat(200) } }, /^option tls: tls\.pins: a long text is no pin/],
  [
    { baseUrl: 'ht!tp://user:t0k3n@x.example' },
    /^option baseUrl: "ht!tp:\/\/\*\*\*@x\.example" is not a URL/,
  ],
  [{ baseUrl: 'user:t0k3n@x.example' }, /^option baseUrl: "user:\*\*\*@x\.example" is not a URL/],
  [
    { socketPath: { allow: ['/run/a.sock', 'b.sock'] } },
    /^option socketPath\.allow\[1\] is "b\.sock"; allowed: the absolute path of a unix socket, of 103 characters at most/,
  ],
  [{ prefixUrl: 'http://a.example' }, /^option prefixUrl is not known: did you mean baseUrl\?/],
  [{ dispatcher: {} }, /^option dispatcher is not known: did you mean pool, tls or proxy\?/],
  [{ retry: { limit: 2 } }, /^option retry\.limit is not known: did you mean attempts\?/],
  [
    { tls: { rejectUnauthorized: false } },
    /^option tls\.rejectUnauthorized is not known: did you mean verify\?/,
  ],
  [{ data: {} }, /^option data is not known: known are timeout, /],
  [{ policies: [1] }, /^option policies\[0\] is 1; allowed: a policy, as \(next\) => /],
  [{ policies: {} }, /^option policies is an object; allowed: a list, each of its members a policy/],
  [
    { redirect: 'manual' },
    /^option redirect is "manual"; allowed: false, or how many .* the option redirectMode/,
  ],
]

for (const [options, message] of WRONG) {
  test(`createClient(${JSON.stringify(options)}) is refused with ${String(message)}`, () => {
    assert.throws(() => createClient(options), { name: 'TypeError', message })
  })
}

const WRONG_FOR_A_CALL: readonly [options: Record<string, unknown>, message: RegExp][] = [
  [{ timout: 1 }, /^option timout of a call is not known: did you mean timeout\?/],
  [{ retry: { attemps: 1 } }, /^option retry\.attemps is not known: did you mean attempts\?/],
  [{ decompress: { maxRato: 1 } }, /^option decompress\.maxRato is not known: did you mean maxRatio\?/],
  [{ params: {} }, /^option params of a call is not known: did you mean query\?/],
  [{ data: {} }, /^option data of a call is not known: did you mean json, or body\?/],
  [
    { credentials: 'omit' },
    /^option credentials of a call is not known: did you mean cookies: false, or auth: false\?/,
  ],
  [{ signal: {} }, /^option signal of a call is an object; allowed: an AbortSignal/],
  [
    { timeout: { head: 5 } },
    /^option timeout\.head is 5; allowed: nothing for a call, .* createClient or extend/,
  ],
  [{ retry: { budget: 0.5 } }, /^option retry\.budget is 0\.5; allowed: nothing for a call/],
  [{ redirect: 'manual' }, /^option redirect of a call is "manual"; allowed: .* the option redirectMode/],
  [{ integrity: 'sha256-x' }, /^option integrity of a call is not known: it is for fetch/],
  [{ tls: {} }, /^option tls of a call is its client’s: give it to createClient or extend/],
  [
    { retry: null },
    /^option retry of a call is null; allowed: false; or a whole number above 0; or an object$/,
  ],
  [
    { signal: new AbortController() },
    /^option signal of a call is an AbortController; allowed: an AbortSignal/,
  ],
  [{ breaker: { window: 1_000 } }, /^option breaker of a call is an object; allowed: false/],
  [{ concurrency: 3 }, /^option concurrency of a call is 3; allowed: false/],
  [{ dedupe: true }, /^option dedupe of a call is true; allowed: false/],
  [
    { hedge: { delay: { percentile: 0.9 } } },
    /^option hedge of a call is an object; allowed: false; or an object with a delay/,
  ],
]

for (const [options, message] of WRONG_FOR_A_CALL) {
  test(`a call with ${JSON.stringify(options)} is refused with ${String(message)}`, async () => {
    const client = createClient({ transport: () => Promise.reject(new Error('sent')) })
    await assert.rejects(client.get('http://api.example/', options), {
      name: 'TypeError',
      message,
    })
    assert.throws(() => client.explain('http://api.example/', options), { message })
  })
}

test('streams, pages, credentials, jars and extensions refuse what they do not know, too', async () => {
  const client = createClient({
    baseUrl: 'http://api.example',
    transport: () => Promise.reject(new Error('sent')),
  })
  const wrong: [work: () => unknown, message: RegExp][] = [
    [
      () => client.sse('/', { heartbeet: 1 } as never).next(),
      /^option heartbeet is not known: did you mean heartbeat\?/,
    ],
    [
      () => client.sse('/', { reconnect: { delai: 1 } as never }).next(),
      /^option reconnect\.delai .*did you mean delay\?/,
    ],
    [() => client.paginate('/', { maxPage: 1 } as never).next(), /^option maxPage .*did you mean maxPages\?/],
    [
      () => client.paginate('/', { by: { page: 'p', stat: 1 } as never }).next(),
      /^option by\.stat .*did you mean start\?/,
    ],
    [
      () => client.sse('/', { reconnect: 5 as never }).next(),
      /^option reconnect is 5; allowed: true or false/,
    ],
    [
      () => client.sse('/', { lastEventId: 5 as never }).next(),
      /^option lastEventId is 5; allowed: a string/,
    ],
    [() => client.paginate('/', { items: 5 as never }).next(), /^option items is 5; allowed: a function/],
    [
      () => client.paginate('/', { schema: {} as never }).next(),
      /^option schema is an object; allowed: a schema/,
    ],
    [() => client.paginate('/', { origins: 'x' as never }).next(), /^option origins is "x"; allowed: a list/],
    [
      () => client.paginate('/', { by: { page: 5 as never } }).next(),
      /^option by\.page is 5; allowed: a string/,
    ],
    [
      () => client.paginate('/', { by: { page: 'p', start: NaN } }).next(),
      /^option by\.start is NaN; allowed: a whole/,
    ],
    [() => client.paginate('/', { by: { cursor: 'c' } as never }).next(), /^option by\.parameter is missing/],
    [() => fromMsw([], { unhandeld: {} } as never), /^option fromMsw\.unhandeld .*did you mean unhandled\?/],
    [() => fromMsw([{}] as never), /^fromMsw takes a list of handlers of msw/],
    [() => client.extend({ guard: { alow: [] } as never }), /^option guard\.alow .*did you mean allow\?/],
    [() => client.close({ grase: 1 } as never), /^option close\.grase .*did you mean grace\?/],
    [() => bearer('t', { origin: [] } as never), /^option auth\.bearer\.origin .*did you mean origins\?/],
    [() => basic('u', 'p', { origin: [] } as never), /^option auth\.basic\.origin /],
    [() => digest('u', 'p', { origin: [] } as never), /^option auth\.digest\.origin /],
    [() => apiKey({ header: 'x', value: 'v', origin: [] } as never), /^option auth\.apiKey\.origin /],
    [() => oauth2({ scop: 'x' } as never), /^option auth\.oauth2\.scop .*did you mean scope\?/],
    [() => new CookieJar({ maxtotal: 1 } as never), /^option CookieJar\.maxtotal .*did you mean maxTotal\?/],
  ]
  for (const [work, message] of wrong)
    await assert.rejects(async () => await work(), { name: 'TypeError', message })
})

test('a client that was closed sends nothing more, whoever would answer', async () => {
  const client = createClient({ transport: () => Promise.reject(new Error('sent')) })
  await client.close()
  await assert.rejects(client.get('http://api.example/'), { code: 'shutting_down' })
})

test('calls that change other settings are hedged by what their client knows', async () => {
  const clock = new VirtualClock()
  let sent = 0
  const transport: Handler = async (exchange) => {
    sent++
    if (sent > 21 && exchange.attempts === 1) await sleep(10_000, clock)
    else await sleep(10, clock)
    return new HttpResponse(200)
  }
  const client = createClient({ transport, clock, hedge: { delay: { percentile: 0.9 } } })
  for (let count = 0; count < 21; count++) {
    const response = client.get('http://api.example/', { timeout: 20_000 + count })
    await clock.advance(10)
    await response
  }
  const late = client.get('http://api.example/', { timeout: 15_000 })
  await clock.advance(100)
  await clock.advance(100)
  assert.equal((await late).status, 200)
  assert.equal(sent, 23)
})

test('a secret in an option of the wrong kind does not show in the error', () => {
  const secret = 'Bearer 0123456789012345678901234567890123456789'
  assert.throws(
    () => createClient({ tls: secret as never }),
    (error: Error) => !error.message.includes('0123') && /option tls is a long string/.test(error.message),
  )
})

function findings(options: ClientOptions): Finding[] {
  const client = createClient({ baseUrl: 'https://api.example', ...options, lint: false })
  return [...client.explain('/').findings]
}

const SURPRISES: readonly [options: ClientOptions, option: string, advice: RegExp][] = [
  [{ timeout: { attempt: 60_000 } }, 'timeout.attempt', /attempt: 10000/],
  [{ timeout: { connect: 40_000 } }, 'timeout.connect', /connect: 5000/],
  [{ timeout: { attempt: 20_000 } }, 'retry.attempts', /attempt: 10000/],
  [{ retry: { maxRetryAfter: 60_000 } }, 'retry.maxRetryAfter', /maxRetryAfter: 15000/],
  [{ breaker: { window: 1_000 } }, 'breaker.window', /window: 30000/],
  [{ breaker: { slowAfter: 40_000 } }, 'breaker.slowAfter', /slowAfter: 15000/],
  [{ hedge: { delay: 50_000 } }, 'hedge.delay', /percentile: 0\.95/],
  [{ hedge: { delay: 50 }, retry: { budget: 0 } }, 'hedge', /budget: 0\.2/],
  [{ rateLimit: { rate: 1, maxWait: 60_000 } }, 'rateLimit.maxWait', /leave maxWait out/],
  [
    { guard: true, transport: () => Promise.reject(new Error('unused')) },
    'guard',
    /leave guard or transport out/,
  ],
  [{ tls: { verify: false } }, 'tls.verify', /verify: true/],
]

for (const [options, option, advice] of SURPRISES) {
  test(`the linter finds what is wrong with ${JSON.stringify(options)} and says what to write`, () => {
    const found = findings(options)
    assert.deepEqual(
      found.map((each) => each.option),
      [option],
    )
    assert.match(found[0]?.advice ?? '', advice)
  })
}

for (const preset of ['standard', 'untrusted', 'minimal', 'crawler'] as const) {
  test(`the linter finds nothing in the preset ${preset}`, () => {
    assert.deepEqual(findings({ preset }), [])
  })
}

test('findings are told as warnings of the process when a client is made', async () => {
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
  createClient({ name: 'orders', breaker: { window: 1_000 } })
  const warning = await warned
  assert.equal(warning.name, 'HeadgateWarning')
  assert.match(warning.message, /client "orders", breaker\.window: .*write breaker: \{ window: 30000 \}/)
})

function sleep(delay: number, clock: VirtualClock): Promise<void> {
  return new Promise((resolve) => clock.timer(resolve).arm(delay))
}
