import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpConnect } from '../../src/upstream/proxy/http-connect.ts'
import type { ProxyHandshake } from '../../src/upstream/proxy/proxy-handshake.ts'
import { Socks5 } from '../../src/upstream/proxy/socks5.ts'

/** Plays the proxy's bytes in pieces; answers what we said, and how it ended. */
function play(make: () => ProxyHandshake, said: readonly (string | Buffer)[], size: number): string[] {
  const handshake = make()
  const log = [handshake.begin().toString('latin1')]
  for (const bytes of said) {
    const buffer = Buffer.from(bytes as string, 'latin1')
    for (let at = 0; at < buffer.length; at += size) {
      const step = handshake.take(buffer.subarray(at, at + size))
      if (step.kind === 'send') log.push(step.bytes.toString('latin1'))
      if (step.kind === 'failed') return [...log, `failed: ${step.reason}`]
      // What comes behind the end is the tunnel's: the socket's reader sees to that.
      if (step.kind === 'done')
        return [...log, `done: ${step.rest.toString('latin1')}${buffer.toString('latin1', at + size)}`]
    }
  }
  return [...log, 'more']
}

function outcome(make: () => ProxyHandshake, ...said: (string | Buffer)[]): string {
  const whole = play(make, said, 1_000_000)
  assert.deepEqual(play(make, said, 1), whole, 'byte by byte it is the same')
  return whole.at(-1) ?? ''
}

const connect = (): ProxyHandshake => new HttpConnect({ host: 'a.example', port: 443 }, undefined)

test('CONNECT names host and port, and the credentials where there are some', () => {
  assert.equal(connect().begin().toString(), 'CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n')
  const other = new HttpConnect(
    { host: '2001:db8::1', port: 80 },
    { user: 'Aladdin', password: 'open sesame' },
  )
  assert.equal(
    other.begin().toString(),
    'CONNECT [2001:db8::1]:80 HTTP/1.1\r\nHost: [2001:db8::1]:80\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n',
  )
})

test('2xx opens the tunnel, and what follows its head belongs to it, whatever the head says', () => {
  assert.equal(outcome(connect, 'HTTP/1.1 200 OK\r\n\r\n'), 'done: ')
  assert.equal(outcome(connect, 'HTTP/1.0 200 Connection established\r\nX: y\r\n\r\n'), 'done: ')
  assert.equal(outcome(connect, 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef'), 'done: abcdef')
  assert.equal(
    outcome(connect, 'HTTP/1.1 299 x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
    'done: 0\r\n\r\n',
  )
  assert.equal(outcome(connect, 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx'), 'done: x')
})

test('any other answer opens none, and tells why', () => {
  assert.match(outcome(connect, 'HTTP/1.1 407 x\r\n\r\n'), /^failed: it answered 407: it wants credentials/)
  assert.match(outcome(connect, 'HTTP/1.1 403 x\r\n\r\n'), /^failed: it answered 403: it does not allow/)
  assert.equal(outcome(connect, 'HTTP/1.1 404 x\r\n\r\n'), 'failed: it answered 404')
  assert.equal(outcome(connect, 'HTTP/1.1 302 x\r\nLocation: http://b\r\n\r\n'), 'failed: it answered 302')
  assert.equal(outcome(connect, 'HTTP/1.1 101 x\r\nUpgrade: y\r\n\r\n'), 'failed: it answered 101')
  assert.match(outcome(connect, 'HTTP/1.1 103 x\r\n\r\n'.repeat(20)), /^failed: it answered 103/)
})

test('an answer that is no strict HTTP opens none', () => {
  for (const bad of [
    'SSH-2.0-x\r\n\r\n',
    'HTTP/1.1 200\n\n',
    'HTTP/2 200 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\n folded: x\r\n\r\n',
    'HTTP/1.1 200 OK\r\na b: c\r\n\r\n',
    'HTTP/1.1 200 OK\r\nx: \0\r\n\r\n',
    `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
  ]) {
    assert.match(
      play(connect, [bad], 1_000_000).at(-1) ?? '',
      /^failed: its answer is no HTTP: /,
      bad.slice(0, 40),
    )
  }
  assert.equal(outcome(connect, 'HTTP/1.1 200 OK\r\n'), 'more')
})

const socks = (): ProxyHandshake => new Socks5({ host: 'a.example', port: 443 }, undefined)
const withPassword = (): ProxyHandshake =>
  new Socks5({ host: '1.2.3.4', port: 0x1234 }, { user: 'me', password: 'pass' })
const REPLY = '\x05\0\0\x01\x7f\0\0\x01\x1f\x90'

test('SOCKS5 without authentication: a name, and the address that the proxy tells is passed over', () => {
  assert.deepEqual(play(socks, ['\x05\0', `${REPLY}rest`], 1_000), [
    '\x05\x01\0',
    '\x05\x01\0\x03\x09a.example\x01\xbb',
    'done: rest',
  ])
  assert.equal(outcome(socks, '\x05\0', `\x05\0\0\x04${'\0'.repeat(16)}\0\x50rest`), 'done: rest')
  assert.equal(outcome(socks, '\x05\0', `\x05\0\0\x03\x03abc\0\x50rest`), 'done: rest')
  assert.equal(outcome(socks, '\x05\0', REPLY.slice(0, -1)), 'more')
})

test('SOCKS5 with user and password, if the proxy asks for them', () => {
  const request = '\x05\x01\0\x01\x01\x02\x03\x04\x12\x34'
  assert.deepEqual(play(withPassword, ['\x05\x02', '\x01\0', REPLY], 1_000), [
    '\x05\x02\0\x02',
    '\x01\x02me\x04pass',
    request,
    'done: ',
  ])
  assert.deepEqual(play(withPassword, ['\x05\0', REPLY], 1), ['\x05\x02\0\x02', request, 'done: '])
  const six = new Socks5({ host: '2001:db8::1', port: 80 }, undefined)
  six.begin()
  const step = six.take(Buffer.from([5, 0]))
  assert.ok(step.kind === 'send')
  assert.equal(step.bytes.toString('hex'), '0501000420010db80000000000000000000000010050')
})

test('SOCKS5 that is refused, or is none, tells why', () => {
  for (const [said, expected] of [
    [['\x05\xff'], /^failed: it takes no authentication that we offer/],
    [['\x05\x02'], /^failed: it chose an authentication that was not offered/],
    [['\x05\x01'], /^failed: it chose an authentication that was not offered/],
    [['\x04\0'], /^failed: it does not speak SOCKS5/],
    [['HTTP/1.1 400 Bad\r\n'], /^failed: it does not speak SOCKS5/],
    [['\x05\0', '\x05\x02\0\x01\0\0\0\0\0\0'], /^failed: it does not allow that target/],
    [['\x05\0', '\x05\x05\0\x01\0\0\0\0\0\0'], /^failed: the target refused the connection/],
    [['\x05\0', '\x05\x63\0\x01\0\0\0\0\0\0'], /^failed: it answered 99/],
    [['\x05\0', '\x04\0\0\x01\0\0\0\0\0\0'], /^failed: it does not speak SOCKS5/],
    [['\x05\0', '\x05\0\0\x09\0\0\0\0\0\0'], /^failed: its reply is no SOCKS5/],
    [['\x05\0', '\x05\0\x01\x01\0\0\0\0\0\0'], /^failed: its reply is no SOCKS5/],
  ] as const) {
    assert.match(outcome(socks, ...said), expected)
  }
  assert.match(outcome(withPassword, '\x05\x02', '\x01\x01'), /^failed: it does not take user and password/)
  assert.match(play(socks, ['\x05\0\x05'], 1_000).at(-1) ?? '', /^failed: it said more than SOCKS5 lets it/)
})
