import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextResponse } from '../survival/http-client.ts'
import { AttackedGateway } from './attacked-gateway.ts'
import { TAKEN } from './recording-origin.ts'
import { valuesOf } from './recorded-request.ts'

const END = '\r\n\r\n'
const get = (...fields: string[]): string => ['GET / HTTP/1.1', 'host: a', ...fields].join('\r\n') + END

/** What the gateway says to every origin, whatever the client says. */
const OURS = {
  'x-request-id': ['abc'],
  'x-forwarded-for': ['127.0.0.1'],
  'x-forwarded-proto': ['http'],
  'x-forwarded-host': ['a'],
  'x-forwarded-port': ['80'],
  forwarded: ['for=127.0.0.1;host=a;proto=http'],
  via: ['1.1 headgate'],
}

test('Connection cannot have a field removed that the gateway sets', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const named of [
    ...Object.keys(OURS),
    'host',
    'X-Forwarded-For',
    'X_FORWARDED_FOR',
    'Via, Forwarded, X-Request-ID',
    ' x-forwarded-for ,\tx-forwarded-host',
    ',,x-forwarded-for,,',
    '"x-forwarded-for"',
    'x-forwarded-for;a=b',
    Object.keys(OURS).join(),
  ]) {
    await t.test(`Connection: ${named}`, () =>
      site.passesAs(get(`connection: ${named}`, 'x-request-id: abc'), {
        fields: { ...OURS, connection: [] },
      }),
    )
  }
  await t.test('nor by several Connection lines', () =>
    site.passesAs(get(...Object.keys(OURS).map((name) => `connection: ${name}`), 'x-request-id: abc'), {
      fields: { ...OURS, connection: [] },
    }),
  )
  await t.test('nor by one that is 8 KiB long', () =>
    site.passesAs(get(`connection: ${'x-forwarded-for, '.repeat(480)}via`, 'x-request-id: abc'), {
      fields: OURS,
    }),
  )
})

test('Connection cannot have a request id removed that goes by another name', async (t) => {
  for (const header of ['x-correlation-id', 'x_trace', 'traceparent', 'x-forwarded-id', 'x_request_id']) {
    await t.test(header, async (t) => {
      const site = await AttackedGateway.start(t, { requestId: { header } })
      for (const connection of [header, `close, ${header.toUpperCase()}`]) {
        await site.passesAsLast(get(`connection: close, ${connection}`, `${header}: sent-by-client`))
        assert.deepEqual(valuesOf(site.got, header), ['sent-by-client'])
        await site.passesAs(get(`connection: ${header}`))
        const [made, ...others] = valuesOf(site.got, header)
        assert.match(made ?? '', /^[a-z0-9]+-[a-z0-9]+$/)
        assert.deepEqual(others, [])
      }
    })
  }
})

test('Connection cannot have a field removed on which the meaning of a request depends', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const [name, value] of [
    ['authorization', 'Basic eDp5'],
    ['cookie', 'a=b'],
    ['content-type', 'text/plain'],
    ['cache-control', 'no-store'],
    ['x-request-id', 'abc'],
  ] as const) {
    await t.test(name, () =>
      site.passesAs(get(`connection: ${name}`, `${name}: ${value}`), { fields: { [name]: [value] } }),
    )
  }
  await t.test('content-length', () =>
    site.passesAs(
      `POST / HTTP/1.1\r\nhost: a\r\nconnection: content-length\r\ncontent-length: 5${END}hello`,
      {
        method: 'POST',
        body: 'hello',
        fields: { 'content-length': ['5'], 'transfer-encoding': [] },
      },
    ),
  )
  await t.test('transfer-encoding', () =>
    site.passesAsLast(
      `POST / HTTP/1.1\r\nhost: a\r\nconnection: close, transfer-encoding\r\ntransfer-encoding: chunked${END}5\r\nhello\r\n0${END}`,
      { method: 'POST', body: 'hello' },
    ),
  )
  await t.test('host beside a whole URL', () =>
    site.passesAs(`GET http://b/ HTTP/1.1\r\nconnection: host\r\nhost: a${END}`, { host: 'b' }),
  )
})

test('fields of one connection do not reach the origin', async (t) => {
  const site = await AttackedGateway.start(t)
  for (const [name, value] of [
    ['connection', 'keep-alive'],
    ['keep-alive', 'timeout=5, max=1000'],
    ['proxy-connection', 'keep-alive'],
    ['proxy-authorization', 'Basic eDp5'],
    ['proxy-authenticate', 'Basic'],
    ['te', 'trailers'],
    ['te', 'chunked'],
    ['upgrade', 'h2c'],
    ['upgrade', 'websocket'],
    ['http2-settings', 'AAMAAABkAARAAAAA'],
    ['proxy', 'http://10.66.66.66:8080'],
  ] as const) {
    await t.test(`${name}: ${value}`, () =>
      site.passesAs(get(`${name}: ${value}`), { fields: { [name]: [] } }),
    )
  }
  await t.test('what Connection names ends here, and nothing else', () =>
    site.passesAs(get('connection: x-mine, X-Other', 'X-Mine: 1', 'x-other: 2', 'x-mine: 3', 'x-kept: 4'), {
      fields: { 'x-mine': [], 'x-other': [], 'x-kept': ['4'], connection: [] },
    }),
  )
  await t.test('Trailer may pass, as it promises nothing that others rely on', () =>
    site.passesAs(get('trailer: content-length'), { fields: { 'content-length': [] } }),
  )
  await t.test('an upgrade to h2c, asked for by the book, is not passed on', () =>
    site.passesAs(
      get('connection: upgrade, http2-settings', 'upgrade: h2c', 'http2-settings: AAMAAABkAARAAAAA'),
      {
        fields: { connection: [], upgrade: [], 'http2-settings': [] },
      },
    ),
  )
  await t.test('nor one to h2c among others', () =>
    site.passesAsLast(get('connection: upgrade', 'upgrade: websocket, h2c'), {
      fields: { connection: ['upgrade'], upgrade: ['websocket'] },
    }),
  )
})

test('fields of one connection end at the gateway in interim responses, too', async (t) => {
  const site = await AttackedGateway.start(t)
  const hints = [
    'HTTP/1.1 103 Early Hints',
    'Connection: X-Secret, link-secret',
    'Keep-Alive: timeout=5',
    'Proxy-Authenticate: Basic',
    'Upgrade: h2c',
    'X-Secret: 1',
    'x_forwarded_for: 10.1.1.1',
    'Link: </a.css>',
  ]
  site.origin.answer = () => hints.join('\r\n') + END + TAKEN
  const client = await site.gateway.connect()
  client.send(get())
  await client.receives('taken')
  const interim = client.text.slice(0, client.text.indexOf(END))
  assert.equal(interim, 'HTTP/1.1 103 Early Hints\r\nlink: </a.css>')
  client.text = client.text.slice(interim.length + END.length)
  assert.equal((await nextResponse(client)).status, 200)
})
