import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { forwarding } from '../../src/policies/forwarding.ts'
import type { ScriptedConnection } from '../../src/testing/scripted-peer.ts'
import { eventually, proxy } from '../h1/harness.ts'

/** What RFC 9110 and 9112 ask of an intermediary, where no other test shows it. */

interface Between {
  readonly client: ScriptedConnection
  /** The origin's end of the only connection to it, once there is one. */
  readonly origin: () => Promise<ScriptedConnection>
  readonly connections: readonly ScriptedConnection[]
}

/** A proxy that does to fields what a gateway does by default. */
async function between(t: TestContext): Promise<Between> {
  const { server, origin } = await proxy(t, forwarding())
  return { client: await server.client(), origin: () => origin.accept(), connections: origin.connections }
}

/** The lines of a head, without those that each intermediary adds. */
function lines(head: string): string[] {
  const all = head.slice(0, head.indexOf('\r\n\r\n')).split('\r\n')
  return all.filter((line) => !/^(?:via|date|x-forwarded-\w+|forwarded): /.test(line))
}

const NO_CONTENT = 'HTTP/1.1 204 No Content\r\n\r\n'

test('fields that mean nothing to an intermediary pass as they are, in both directions', async (t) => {
  const { client, origin } = await between(t)
  const asked = [
    'authorization: Basic  a==, odd',
    'if-match: "a", W/"b"',
    'if-none-match: *',
    'if-modified-since: no date',
    'if-unmodified-since: Sun, 06 Nov 1994 08:49:37 GMT',
    'if-range: W/"x"',
    'range: lines=1-2',
    'content-location: /elsewhere',
    'trailer: x-sum',
    'x-unknown: 1',
    'accept: a/b;q=0.1234',
    'x-unknown: 2',
    'referer: http://other/',
  ]
  client.send(`GET / HTTP/1.1\r\n${['host: h', ...asked].join('\r\n')}\r\n\r\n`)
  const far = await origin()
  assert.deepEqual(lines(await far.receives('\r\n\r\n')), ['GET / HTTP/1.1', 'host: h', ...asked])
  const answered = [
    'allow: GET, , X',
    'www-authenticate: Basic realm=token, New a="b"',
    'www-authenticate: Other',
    'vary: *',
    'accept-ranges: lines',
    'content-range: lines 5-1/2',
    'etag: "a"',
    'set-cookie: a=1',
    'last-modified: tomorrow',
    'set-cookie: b=2',
    'x-unknown: 1',
  ]
  far.send(`HTTP/1.1 405 No\r\n${answered.join('\r\n')}\r\ncontent-length: 0\r\n\r\n`)
  assert.deepEqual(lines(await client.receives('\r\n\r\n')), [
    'HTTP/1.1 405 Method Not Allowed',
    ...answered,
    'content-length: 0',
  ])
})

test('a message is forwarded in our own version, whatever the sender’s', async (t) => {
  const { client, origin } = await between(t)
  client.send('GET / HTTP/1.0\r\nHost: h\r\n\r\n')
  const far = await origin()
  assert.match(await far.receives('\r\n\r\n'), /^GET \/ HTTP\/1\.1\r\n[^]*\r\nvia: 1\.0 headgate\r\n/)
  far.send('HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n')
  assert.match(await client.receives('\r\n\r\n'), /^HTTP\/1\.1 200 OK\r\n/)
})

test('a message of a later minor version is processed as one of HTTP/1.1, in both directions', async (t) => {
  for (const minor of [2, 9]) {
    const { client, origin } = await between(t)
    const request = `POST / HTTP/1.${minor}\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`
    client.send(request)
    const far = await origin()
    assert.match(await far.receives('0\r\n\r\n'), /^POST \/ HTTP\/1\.1\r\n[^]*\r\nvia: 1\.1 headgate\r\n/)
    far.send(`HTTP/1.${minor} 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n\r\n`)
    assert.match(await client.receives('0\r\n\r\n'), /^HTTP\/1\.1 200 OK\r\n/)
    // Both connections live on, as those of HTTP/1.1 do.
    client.forget()
    far.forget()
    client.send(request)
    await far.receives('0\r\n\r\n')
  }
})

test('a response without Date gets one, and one with Date keeps it', async (t) => {
  const { client, origin } = await between(t)
  client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  const far = await origin()
  await far.receives('\r\n\r\n')
  far.send('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
  assert.match(await client.receives('\r\n\r\n'), /\r\ndate: Thu, 01 Jan 2026 00:00:00 GMT\r\n/)
  client.forget()
  far.forget()
  client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await far.receives('\r\n\r\n')
  far.send('HTTP/1.1 200 OK\r\ndate: long ago\r\ncontent-length: 0\r\n\r\n')
  assert.deepEqual((await client.receives('\r\n\r\n')).match(/date: .*/g), ['date: long ago'])
})

test('trailers that Connection names end here, in both directions; others stay trailers', async (t) => {
  const { client, origin } = await between(t)
  const trailers = '0\r\nX-Secret: 1\r\nX-Sum: 7\r\n\r\n'
  client.send(
    `POST / HTTP/1.1\r\nHost: h\r\nConnection: X-Secret\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n${trailers}`,
  )
  const far = await origin()
  const seen = await far.receives('0\r\nx-sum: 7\r\n\r\n')
  assert.doesNotMatch(seen, /x-secret/)
  assert.doesNotMatch(seen.slice(0, seen.indexOf('\r\n\r\n')), /x-sum/)
  far.send(
    `HTTP/1.1 200 OK\r\nConnection: x-a, x-secret\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n${trailers}`,
  )
  const got = await client.receives('0\r\nx-sum: 7\r\n\r\n')
  assert.doesNotMatch(got, /x-secret/)
  assert.doesNotMatch(got.slice(0, got.indexOf('\r\n\r\n')), /x-sum/)
})

for (const method of ['OPTIONS', 'TRACE']) {
  for (const [value, forwarded] of [
    ['5', '4'],
    ['1', '0'],
    ['99999999999999999999', '254'],
  ] as const) {
    test(`${method} with Max-Forwards: ${value} is forwarded with ${forwarded}`, async (t) => {
      const { client, origin } = await between(t)
      client.send(`${method} / HTTP/1.1\r\nHost: h\r\nMax-Forwards: ${value}\r\n\r\n`)
      const far = await origin()
      assert.deepEqual((await far.receives('\r\n\r\n')).match(/max-forwards: .*/g), [
        `max-forwards: ${forwarded}`,
      ])
      far.send(NO_CONTENT)
      await client.receives('204')
    })
  }
}

for (const [method, status] of [
  ['OPTIONS', 204],
  ['TRACE', 501],
] as const) {
  test(`${method} with Max-Forwards: 0 goes no further, and is answered with ${status}`, async (t) => {
    const { client, connections } = await between(t)
    client.send(`${method} * HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\n\r\n`.replace('TRACE *', 'TRACE /'))
    assert.match(await client.receives('\r\n\r\n'), new RegExp(`^HTTP/1\\.1 ${status} `))
    assert.equal(connections.length, 0)
  })
}

test('Max-Forwards is not made up, and counts nothing in other methods', async (t) => {
  const { client, origin } = await between(t)
  client.send('OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n')
  const far = await origin()
  assert.doesNotMatch(await far.receives('\r\n\r\n'), /max-forwards/)
  far.forget()
  far.send(NO_CONTENT)
  await client.receives('204')
  client.send('GET / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\n\r\n')
  assert.match(await far.receives('\r\n\r\n'), /\r\nmax-forwards: 0\r\n/)
})

test('426 tells which protocols would do', async (t) => {
  const { client, origin } = await between(t)
  client.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  const far = await origin()
  await far.receives('\r\n\r\n')
  far.send(
    'HTTP/1.1 426 Upgrade Required\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n',
  )
  const fields = lines(await client.receives('\r\n\r\n'))
  assert.ok(fields.includes('upgrade: websocket'), fields.join('\n'))
  assert.ok(fields.includes('connection: close, upgrade'), fields.join('\n'))
})

test('one framing goes on, that of the content which does', async (t) => {
  const { client, origin } = await between(t)
  client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0003\r\n\r\nabc')
  const far = await origin()
  const seen = await far.receives('abc')
  assert.deepEqual(seen.match(/^(?:content-length|transfer-encoding): .*(?=\r)/gm), ['content-length: 3'])
  far.send('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n003;x="\\""\r\nabc\r\n0\r\n\r\n')
  const got = await client.receives('0\r\n\r\n')
  assert.deepEqual(got.match(/^(?:content-length|transfer-encoding): .*(?=\r)/gm), [
    'transfer-encoding: chunked',
  ])
  assert.ok(got.endsWith('\r\n\r\n3\r\nabc\r\n0\r\n\r\n'), got)
})

test('a last request is the last one to the client only: the connection to the origin is our own', async (t) => {
  const { client, origin, connections } = await between(t)
  client.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  const far = await origin()
  assert.doesNotMatch(await far.receives('\r\n\r\n'), /^connection:/m)
  far.send('HTTP/1.1 204 No Content\r\n\r\n')
  assert.match(await client.end(), /\r\nconnection: close\r\n/)
  await eventually(() => connections.length === 1, 'there is one connection')
  assert.equal(far.ended, false)
})
