import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { startScripted } from './origins.ts'
import { startGateway } from './start-gateway.ts'
import type { GatewayConfigInput } from '../../src/config/input/input.ts'

/** What the origin sees of a request, line by line, and what the client sees of the answer. */
async function through(
  t: TestContext,
  request: readonly string[],
  config: Partial<GatewayConfigInput> = {},
  response: readonly string[] = [],
): Promise<{ seen: string[]; answered: string[]; gatewayPort: number; originPort: number }> {
  const origin = await startScripted(t, async (connection) => {
    await connection.receives('\r\n\r\n')
    connection.send(['HTTP/1.1 200 OK', ...response, 'content-length: 0', '', ''].join('\r\n'))
  })
  const gateway = await startGateway(t, { routes: [{ upstream: origin.url }], ...config })
  const client = await gateway.connect()
  client.send([...request, '', ''].join('\r\n'))
  const answered = (await client.receives('\r\n\r\n')).trimEnd().split('\r\n')
  const seen = origin.connections[0]?.text.trimEnd().split('\r\n') ?? []
  return { seen, answered, gatewayPort: gateway.port, originPort: origin.port }
}

test('the origin sees for whom, by which name and by what a request comes, and the fields of the client', async (t) => {
  const { seen } = await through(t, [
    'GET /a//b/../c?q=%20 HTTP/1.1',
    'Host: Shop.Example',
    'User-Agent: test',
    'X-Request-Id: abc',
    'Cookie: a=b',
    'Cookie: c=d',
  ])
  assert.deepEqual(seen.slice(0, 2), ['GET /a/c?q=%20 HTTP/1.1', 'host: shop.example'])
  assert.deepEqual(seen.slice(2).map(withoutMark).sort(), [
    'cdn-loop: headgate;id=MARK',
    'cookie: a=b',
    'cookie: c=d',
    'forwarded: for=127.0.0.1;host=shop.example;proto=http',
    'user-agent: test',
    'via: 1.1 headgate',
    'x-forwarded-for: 127.0.0.1',
    'x-forwarded-host: shop.example',
    'x-forwarded-port: 80',
    'x-forwarded-proto: http',
    'x-request-id: abc',
  ])
})

/** The mark by which the gateway knows its requests again is another one each time. */
function withoutMark(text: string): string {
  return text.replace(/(?<=^cdn-loop: headgate;id=)[\w-]{22}$/m, 'MARK')
}

const claims = [
  'GET / HTTP/1.1',
  'host: shop.example:8080',
  'x-request-id: abc',
  'x-forwarded-for: 10.1.1.1',
  'x-forwarded-proto: https',
  'forwarded: for=10.1.1.1;proto=https',
  'via: 1.0 before',
]

test('what a client claims of those before it is not believed, however it spells it', async (t) => {
  const { seen } = await through(t, [
    ...claims,
    'X_Forwarded_For: 10.1.1.1',
    'x-real-ip: 10.1.1.1',
    'connection: x-forwarded-for, forwarded, via, x-request-id, host',
  ])
  assert.doesNotMatch(seen.join('\n'), /10\.1\.1\.1|https/)
  for (const line of [
    'x-forwarded-for: 127.0.0.1',
    'x-forwarded-port: 8080',
    'x-request-id: abc',
    'host: shop.example:8080',
  ]) {
    assert.ok(seen.includes(line), line)
  }
  assert.ok(seen.includes('forwarded: for=127.0.0.1;host="shop.example:8080";proto=http'), seen.join('\n'))
})

test('what a trusted proxy claims is passed on, with ours behind it', async (t) => {
  const { seen } = await through(t, claims, { trustedProxies: ['127.0.0.0/8'] })
  for (const line of [
    'x-forwarded-for: 10.1.1.1, 127.0.0.1',
    'x-forwarded-proto: https',
    'forwarded: for=10.1.1.1;proto=https, for=127.0.0.1;host="shop.example:8080";proto=http',
  ]) {
    assert.ok(seen.includes(line), `${line} in ${seen.join('\n')}`)
  }
  const via = seen.filter((line) => line.startsWith('via: ')).map((line) => line.slice(5))
  assert.equal(via.join(', '), '1.0 before, 1.1 headgate')
})

test('fields of one connection end at the gateway, in both directions', async (t) => {
  const { seen, answered } = await through(
    t,
    [
      'GET / HTTP/1.1',
      'host: a',
      'connection: keep-alive, x-mine',
      'keep-alive: timeout=5',
      'x-mine: 1',
      'te: gzip',
    ],
    {},
    [
      'Connection: X-Secret',
      'Keep-Alive: timeout=5',
      'X-Secret: 1',
      'X-Public: 2',
      'Set-Cookie: a=b',
      'Set-Cookie: c=d',
    ],
  )
  assert.doesNotMatch(seen.join('\n'), /x-mine|keep-alive|^te:|^connection:/m)
  assert.doesNotMatch(answered.join('\n'), /x-secret|keep-alive|^connection:/im)
  for (const line of ['x-public: 2', 'set-cookie: a=b', 'set-cookie: c=d', 'via: 1.1 headgate']) {
    assert.ok(answered.includes(line), `${line} in ${answered.join('\n')}`)
  }
})

test('Via of a response has the version in which the origin spoke, and not that of the gateway', async (t) => {
  for (const [line, via] of [
    ['HTTP/1.0 200 OK', 'via: 1.0 headgate'],
    ['HTTP/1.1 200 OK', 'via: 1.1 headgate'],
    ['HTTP/1.9 200 OK', 'via: 1.1 headgate'],
  ] as const) {
    const origin = await startScripted(t, async (connection) => {
      await connection.receives('\r\n\r\n')
      connection.send(`${line}\r\nvia: 1.0 before\r\ncontent-length: 0\r\n\r\n`)
    })
    const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
    const client = await gateway.connect()
    client.send('GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n')
    const answered = (await client.receives('\r\n\r\n')).split('\r\n')
    assert.equal(answered[0], 'HTTP/1.1 200 OK')
    const vias = answered.filter((each) => each.startsWith('via:'))
    assert.deepEqual(vias, ['via: 1.0 before', via])
  }
})

test('what is switched off is not sent, but for the mark of loops, and the origin may be asked by its own name', async (t) => {
  const origin = await startScripted(t, async (connection) => {
    await connection.receives('\r\n\r\n')
    connection.send('HTTP/1.1 204 No Content\r\n\r\n')
  })
  const gateway = await startGateway(t, {
    forwarding: { forwarded: false, xForwarded: false, via: false },
    requestId: false,
    routes: [{ upstream: origin.url, preserveHost: false }],
  })
  const client = await gateway.connect()
  client.send('GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n')
  assert.doesNotMatch(await client.receives('\r\n\r\n'), /via|x-request-id/)
  assert.equal(
    withoutMark(origin.connections[0]?.text.replaceAll('\r', '') ?? ''),
    `GET / HTTP/1.1\nhost: 127.0.0.1:${origin.port}\ncdn-loop: headgate;id=MARK\n\n`,
  )
})

test('an absolute target counts, not the Host beside it', async (t) => {
  const { seen } = await through(t, ['GET http://one.example/a HTTP/1.1', 'host: two.example'])
  assert.deepEqual(seen.slice(0, 2), ['GET /a HTTP/1.1', 'host: one.example'])
  assert.doesNotMatch(seen.join('\n'), /two\.example/)
})
