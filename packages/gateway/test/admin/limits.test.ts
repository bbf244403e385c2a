import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, describe, it } from 'node:test'
import { type AdminOperation, json } from '../../src/admin-api/operation.ts'
import { answerChange } from '../../src/admin/config.ts'
import { CONNECTION_LIMITS, type ConnectionLimits, listenAdmin } from '../../src/admin/server.ts'

/** Far shorter than the real ones; what is judged is that an end comes that did not. */
const LIMITS: ConnectionLimits = {
  ...CONNECTION_LIMITS,
  head: 300,
  request: 600,
  answer: 600,
  connections: 4,
}
/** As many bytes as no buffer of a socket holds. */
const HUGE = 64 * 1024 * 1024

const huge: AdminOperation = {
  method: 'GET',
  path: '/huge',
  about: '',
  id: 'huge',
  open: 'text/plain',
  answers: {},
  handle: () => ({ status: 200, type: 'text/plain', body: 'x'.repeat(HUGE) }),
}
const put: AdminOperation = {
  method: 'PUT',
  path: '/config',
  about: '',
  id: 'put',
  answers: {},
  handle: () => json({}),
}

async function start(): Promise<number> {
  const address = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const
  const server = await listenAdmin({ address, hosts: [] }, [huge, put], { limits: LIMITS })
  after(() => server.close())
  return server.address.kind === 'tcp' ? server.address.port : 0
}

/** A connection, what came on it, and its end. */
function open(port: number): { socket: Socket; ended: Promise<string> } {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  const ended = new Promise<string>((resolve) => {
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
  })
  after(() => socket.destroy())
  return { socket, ended }
}

/** A byte now and then, for as long as anybody listens. */
function trickle(socket: Socket): void {
  const timer = setInterval(() => void socket.write('x'), 50)
  socket.on('close', () => clearInterval(timer))
}

describe('whoever takes their time at the admin listener', () => {
  it('with a head is cut off', async () => {
    const { socket, ended } = open(await start())
    socket.write('GET / HTTP/1.1\r\nx-')
    trickle(socket)
    assert.match(await ended, /^(?:HTTP\/1\.1 408 |$)/)
  })

  it('without sending anything is cut off', async () => {
    assert.match(await open(await start()).ended, /^(?:HTTP\/1\.1 408 |$)/)
  })

  it('with a body is cut off, however steadily it comes', async () => {
    const { socket, ended } = open(await start())
    socket.write('PUT /config HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100000\r\n\r\n{')
    trickle(socket)
    assert.doesNotMatch(await ended, /^HTTP\/1\.1 200 /)
  })

  it('with a body is told so, and one that announces too much is told before it sends any', async () => {
    const port = await start()
    const [slow, large] = [open(port), open(port)]
    slow.socket.write('PUT /config HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{')
    large.socket.write('PUT /config HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000000000\r\n\r\n')
    for (const [{ ended }, status] of [[slow, 408] as const, [large, 413] as const]) {
      const [head = '', body = ''] = (await ended).split('\r\n\r\n')
      assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} .*content-type: application/problem\\+json`, 's'))
      assert.match(head, /\r\nconnection: close/)
      assert.equal(JSON.parse(body).status, status)
    }
  })

  it('with reading an answer is cut off', async () => {
    const port = await start()
    const socket = connect(port, '127.0.0.1')
    after(() => socket.destroy())
    socket.on('error', () => {})
    const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()))
    let read = 0
    socket.on('data', (chunk) => {
      read += chunk.length
      // Then nothing for a while, and so on.
      socket.pause()
      setTimeout(() => socket.resume(), 20)
    })
    socket.write('GET /huge HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
    await ended
    assert.ok(read < HUGE, `${read}`)
  })

  it('finds only so many connections, and others are served when those are gone', async () => {
    const port = await start()
    const held = Array.from({ length: LIMITS.connections }, () => open(port))
    await Promise.all(held.map(({ socket }) => new Promise((resolve) => socket.on('connect', resolve))))
    const { ended } = open(port)
    assert.equal(await ended, '', 'closed at once')
    await Promise.all(held.map((each) => each.ended))
    const { status } = await fetch(`http://127.0.0.1:${port}/nothing`)
    assert.equal(status, 404)
  })
})

it('a configuration that is wrong in a million places gets an answer of a few kilobytes', () => {
  const problem = { path: 'x'.repeat(100_000), message: 'm'.repeat(100_000), hint: 'h'.repeat(100_000) }
  const problems = Array.from({ length: 1_000_000 }, () => problem)
  const { status, body } = answerChange({ kind: 'invalid', problems })
  assert.equal(status, 422)
  assert.ok(body.length < 500_000, `${body.length}`)
  const { mistakes, moreMistakes, detail } = JSON.parse(body)
  assert.deepEqual([mistakes.length, moreMistakes], [100, 999_900])
  assert.ok(detail.length < 3_000)
})
