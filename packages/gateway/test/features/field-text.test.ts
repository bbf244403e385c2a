import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startRecordingOrigin } from '../attack/recording-origin.ts'
import { nextResponse } from '../survival/http-client.ts'
import { startGateway } from '../survival/start-gateway.ts'

const UTF8 = Buffer.from('ü', 'utf8').toString('latin1')

test('what stands in the configuration is compared with header fields and cookies as UTF-8', async (t) => {
  const respond = (body: string) => ({ status: 200, body })
  const gateway = await startGateway(t, {
    routes: [
      { match: { path: '/', headers: { 'x-name': 'Müller' } }, respond: respond('header') },
      { match: { path: '/', headers: { 'x-sort': { regex: 'M.ller' } } }, respond: respond('regex') },
      { match: { path: '/', cookies: { name: 'ü' } }, respond: respond('cookie') },
      { respond: respond('none') },
    ],
  })
  const asked = async (field: string): Promise<string> => {
    const client = await gateway.connect()
    client.send(`GET / HTTP/1.1\r\nhost: a\r\n${field}\r\n\r\n`)
    return (await nextResponse(client)).content
  }
  assert.equal(await asked(`x-name: M${UTF8}ller`), 'header')
  assert.equal(await asked('x-name: M\xfcller'), 'none', 'one byte is latin1, not UTF-8')
  assert.equal(await asked(`x-sort: M${UTF8}ller`), 'regex')
  assert.equal(await asked(`x-sort: M${UTF8}${UTF8}ller`), 'none', 'a point is one character')
  assert.equal(await asked(`cookie: a=b; name=${UTF8}`), 'cookie')
  assert.equal(await asked('cookie: a=b; name=\xfc'), 'none')
})

test('text of the configuration is sent in header fields as UTF-8, beside what is copied from the request', async (t) => {
  const origin = await startRecordingOrigin(t)
  const gateway = await startGateway(t, {
    routes: [
      {
        upstream: origin.url,
        requestHeaders: {
          set: {
            'x-fixed': 'ü €',
            'x-mixed': 'ü ${request.method}',
            'x-copied': 'ü ${request.headers.x-name}',
          },
        },
        responseHeaders: { set: { 'x-fixed': 'ü €' }, add: { 'x-mixed': '€ ${request.method}' } },
      },
    ],
  })
  const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')
  const client = await gateway.connect()
  client.send(`GET / HTTP/1.1\r\nhost: a\r\nx-name: ${utf8('日本')}\r\n\r\n`)
  const { headers } = await nextResponse(client)
  assert.deepEqual([headers['x-fixed'], headers['x-mixed']], [utf8('ü €'), utf8('€ GET')])
  const sent = origin.bytes
  for (const line of ['x-fixed: ü €', 'x-mixed: ü GET', 'x-copied: ü 日本'])
    assert.ok(sent.includes(`\r\n${utf8(line)}\r\n`), sent)
})

test('the access log tells header fields as the text that their bytes are, and bytes that are none as escapes', async (t) => {
  const gateway = await startGateway(t, {
    accessLog: { path: 'stdout', headers: ['x-name', 'x-odd', 'x-long'] },
    routes: [{ respond: { status: 204 } }],
  })
  const client = await gateway.connect()
  client.send(
    `GET / HTTP/1.1\r\nhost: a\r\nuser-agent: M${UTF8}ller\r\nx-name: ${Buffer.from('日本 😀').toString('latin1')}\r\n` +
      `x-odd: a\xff\xc3(\r\nx-long: ${UTF8.repeat(300)}\r\n\r\n`,
  )
  assert.equal((await nextResponse(client)).status, 204)
  const line = (await gateway.logged(1)) as unknown as {
    readonly user_agent: string
    readonly headers: Readonly<Record<string, string>>
  }
  assert.equal(line.user_agent, 'Müller')
  assert.deepEqual(line.headers, {
    'x-name': '日本 😀',
    'x-odd': 'a\\xff\\xc3(',
    'x-long': `${'ü'.repeat(256)}...`,
  })
})
