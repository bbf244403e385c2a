import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, connect, type IncomingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { FRAME, FrameReader, frame } from '../src/http2/frames.ts'
import { saysOk } from '../src/http2/header-block.ts'
import { Http2Asker } from '../src/load/http2-asker.ts'
import { messages } from '../src/load/messages.ts'
import { Tally } from '../src/load/tally.ts'
import { warmUp } from '../src/load/window.ts'
import { smallBody } from '../src/origin/documents.ts'
import { startEchoOrigin } from '../src/origin/echo-origin.ts'

const window = { warmupSeconds: 0, seconds: 0.1 }
const origin = { port: 0, accepted: 0, asked: 0 }

test('frames are found wherever the reads that bring them begin and end', () => {
  const wire = Buffer.concat([
    frame(FRAME.headers, 4, 1, Buffer.from('head')),
    frame(FRAME.data, 1, 3, Buffer.alloc(300, 'x')),
  ])
  for (const step of [1, 7, 9, 64, wire.length]) {
    const found: unknown[] = []
    const reader = new FrameReader(({ type, flags, stream, payload, end }) => {
      found.push([type, flags, stream, end - payload])
    })
    for (let at = 0; at < wire.length; at += step) {
      const chunk = wire.subarray(at, at + step)
      reader.read(chunk, chunk.length)
    }
    const expected = [
      [1, 4, 1, 4],
      [0, 1, 3, 300],
    ]
    assert.deepEqual(found, expected, `${step}`)
  }
})

test('a status is found behind changes of the size of the table', () => {
  assert.ok(saysOk(Buffer.from([0x88]), 0))
  assert.ok(saysOk(Buffer.from([0x20, 0x3f, 0xe1, 0x1f, 0x88]), 0))
  assert.ok(!saysOk(Buffer.from([0x3f, 0xe1, 0x1f, 0x8d]), 0))
})

test('a server of node:http2 understands what is asked, first and later on a connection', async () => {
  const asked: IncomingHttpHeaders[] = []
  const server = createServer((request, response) => {
    asked.push(request.headers)
    response.end(smallBody)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const tally = new Tally()
  await new Promise<void>((resolve) => {
    const idle = (asker: Http2Asker): void => {
      if (asker.asked < 3) return asker.ask()
      asker.close()
      resolve()
    }
    void new Http2Asker({ port }, 2, tally, idle, () => resolve())
  })
  server.close()
  assert.deepEqual([tally.requests, tally.failures], [3, {}])
  assert.deepEqual(
    asked.map((headers) => [headers[':path'], headers[':authority'], headers['user-agent'], headers.accept]),
    ['/r0/small', '/r1/small', '/r0/small'].map((path) => [
      path,
      `127.0.0.1:${port}`,
      'headgate-bench',
      '*/*',
    ]),
  )
})

test('a warm-up is repeated while the proxy has had no processor time, and no more than four times', async () => {
  const sleeper = spawn('sleep', ['30'])
  await once(sleeper, 'spawn')
  let times = 0
  const count = async (): Promise<void> => void times++
  await warmUp({ warmupSeconds: 1, seconds: 1, proxyPid: sleeper.pid ?? 0 }, count)
  sleeper.kill()
  assert.equal(times, 4)
  await warmUp({ warmupSeconds: 1, seconds: 1 }, count)
  assert.equal(times, 5)
  await warmUp({ warmupSeconds: 0, seconds: 1 }, count)
  assert.equal(times, 5)
})

test('messages go there and back, on all streams, until the job ends', async () => {
  const echo = await startEchoOrigin()
  const job = { kind: 'messages', target: echo, window, connections: 2, streams: 3, routes: 2 } as const
  const { requests, bytes, failures } = await messages(job, origin)
  echo.close()
  assert.ok(requests > 6, `${requests} messages`)
  assert.equal(Math.floor(bytes / 64), requests)
  assert.deepEqual(failures, {})
})

test('messages that are not echoed with status 200 are failures', async () => {
  const server = createServer((_, response) => {
    response.writeHead(404).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const job = { kind: 'messages', target: { port }, window, connections: 1, streams: 2, routes: 1 } as const
  const { failures } = await messages(job, origin)
  server.close()
  assert.equal(failures['a status other than 200'], 2)
})

test('a client of node:http2 gets back from the echo what it sent, and trailers', async () => {
  const echo = await startEchoOrigin()
  const session = connect(`http://127.0.0.1:${echo.port}`)
  const stream = session.request({ ':method': 'POST' }, { endStream: false })
  const answered = once(stream, 'response')
  const trailers = once(stream, 'trailers')
  stream.write('one ')
  const [head] = (await answered) as [IncomingHttpHeaders]
  stream.end('two')
  assert.equal(head[':status'], 200)
  assert.equal((await stream.toArray()).join(''), 'one two')
  assert.equal(((await trailers) as [IncomingHttpHeaders])[0]['grpc-status'], '0')
  session.destroy()
  echo.close()
})
