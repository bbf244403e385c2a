import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextResponse } from '../survival/http-client.ts'
import { nobody } from '../survival/origins.ts'
import { startGateway } from '../survival/start-gateway.ts'
import { AttackedGateway } from './attacked-gateway.ts'

const ROUTES = [
  { match: { path: ['/taken/**', '/probe'], methods: ['GET', 'POST'] }, limits: { body: '1KB' as const } },
]
const SMUGGLED = 'GET /taken/smuggled HTTP/1.1\r\nhost: a\r\n\r\n'
const BEHIND = 'GET /taken/behind HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'
const post = (target: string, ...fields: string[]): string =>
  ['POST', target, 'HTTP/1.1\r\nhost: a\r\n'].join(' ') +
  fields.map((field) => `${field}\r\n`).join('') +
  '\r\n'
const sized = (target: string, body: string, ...fields: string[]): string =>
  post(target, `content-length: ${body.length}`, ...fields) + body
const chunked = (target: string, body: string): string =>
  `${post(target, 'transfer-encoding: chunked')}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`

test('the body of a request that is answered early is never taken for the next request', async (t) => {
  const site = await AttackedGateway.start(t, { routes: ROUTES })
  for (const [name, bytes, status] of [
    ['no route, with a length', sized('/nowhere', SMUGGLED), 404],
    ['no route, in chunks', chunked('/nowhere', SMUGGLED), 404],
    ['no such method', sized('/taken/x', SMUGGLED).replace('POST', 'DELETE'), 405],
    ['too large in chunks', chunked('/taken/x', SMUGGLED.repeat(30)), 413],
    ['too large by its length', sized('/taken/x', SMUGGLED.repeat(30)), 413],
  ] as const) {
    await t.test(`${name}: read to its end, and then the next one`, () =>
      site.answers(bytes + BEHIND, [status, 200], ['/taken/behind']),
    )
  }
  const large = SMUGGLED.repeat(10_000)
  for (const [name, bytes, status] of [
    [
      'no route, and more than is worth reading',
      post('/nowhere', `content-length: ${large.length}`) + large,
      404,
    ],
    [
      'too large, and more than is worth reading',
      post('/taken/x', `content-length: ${large.length}`) + large,
      413,
    ],
  ] as const) {
    await t.test(`${name}: the connection is closed`, () => site.answers(bytes + SMUGGLED, [status], []))
  }
  for (const [name, bytes, status] of [
    [
      'no route, and a body that waits for 100',
      post('/nowhere', 'content-length: 5', 'expect: 100-continue'),
      404,
    ],
    ['too large, and waits for 100', post('/taken/x', 'content-length: 5000', 'expect: 100-continue'), 413],
  ] as const) {
    await t.test(`${name}: the connection is closed, whatever comes`, async () => {
      site.origin.forget()
      const client = await site.gateway.connect()
      client.send(bytes)
      assert.equal((await nextResponse(client)).status, status)
      client.send(SMUGGLED)
      assert.equal(await client.end(), '')
      client.socket.destroy()
      await site.servesOn()
    })
  }
})

test('nor is it where the origin cannot be reached', async (t) => {
  const gateway = await startGateway(t, { routes: [{ upstream: await nobody() }] })
  const client = await gateway.connect()
  client.send(sized('/x', SMUGGLED) + BEHIND)
  const text = await client.end()
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 502', 'HTTP/1.1 502'])
  assert.deepEqual(
    gateway.log.map((line) => line.status),
    [502, 502],
  )
})

test('an expectation cannot be used to part a request from its body', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const [name, value] of [
    ['an unknown expectation', 'x'],
    ['a word before it', 'y 100-continue'],
    ['a word behind it', '100-continue y'],
    ['a list', '100-continue, x'],
    ['a list of the same', '100-continue, 100-continue'],
    ['a parameter', '100-continue;a=b'],
    ['quotes', '"100-continue"'],
    ['nothing', ''],
  ] as const) {
    await t.test(`refused: ${name}`, () =>
      site.refuses(post('/', `expect: ${value}`, 'content-length: 5') + 'hello', 417),
    )
  }
  await t.test('refused: a blank in its name', () => site.refuses(post('/', 'expect : 100-continue')))
  await t.test('refused: two of them', () =>
    site.refuses(post('/', 'expect: 100-continue', 'Expect: 100-continue'), 417),
  )
  await t.test('refused: a folded one', () => site.refuses(post('/', 'expect:\r\n 100-continue')))
  for (const [name, bytes] of [
    ['with the body at once', sized('/', 'hello', 'expect: 100-continue')],
    ['in capitals', sized('/', 'hello', 'Expect: 100-CONTINUE')],
    ['which Connection names', sized('/', 'hello', 'expect: 100-continue', 'connection: expect')],
  ] as const) {
    await t.test(`passes ${name}`, () => site.passesAs(bytes, { method: 'POST', body: 'hello' }))
  }
  await t.test('passes without a body', () =>
    site.passesAs('GET / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n\r\n'),
  )
  await t.test('passes in HTTP/1.0', () =>
    site.passesAsLast(
      'POST / HTTP/1.0\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\nhello',
      {
        method: 'POST',
        body: 'hello',
      },
    ),
  )
})
