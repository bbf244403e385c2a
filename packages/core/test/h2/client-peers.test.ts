import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  constants,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { type Body, bodyFrom, StreamBody } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import type { HttpResponse } from '../../src/message/response.ts'
import { systemClock } from '../../src/time/clock.ts'
import { SingleEndpoint } from '../../src/upstream/single-endpoint.ts'

interface Served {
  readonly server: Http2Server
  readonly endpoint: SingleEndpoint
  readonly sessions: Set<ServerHttp2Session>
  readonly send: (path: string, body?: Body) => Promise<HttpResponse>
}

/** An endpoint that is a server of node:http2. */
async function served(
  t: TestContext,
  handle: (stream: ServerHttp2Stream, path: string) => void,
): Promise<Served> {
  // Megabytes: with less it refuses streams under ordinary load.
  const server = createServer({ maxSessionMemory: 1000 })
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => {})
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    handle(stream, String(headers[':path']))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const endpoint = new SingleEndpoint({ url: `h2c://${authority}` }, {})
  t.after(() => {
    endpoint.destroy()
    for (const session of sessions) session.destroy()
    server.close()
  })
  const send = (path: string, body?: Body): Promise<HttpResponse> => {
    const request = HttpRequest.to(
      `http://${authority}${path}`,
      body === undefined ? {} : { method: 'PUT', body },
    )
    return endpoint.handler(new Exchange(request, systemClock))
  }
  return { server, endpoint, sessions, send }
}

interface Digest {
  readonly length: number
  readonly sha256: string
}

/** Reads a body, and waits a while after each so many bytes. */
function digestOf(body: Body, pauseEvery = Infinity): Promise<Digest> {
  const hash = createHash('sha256')
  let length = 0
  let sincePause = 0
  return new Promise((resolve, reject) => {
    body.flowTo({
      write(chunk) {
        hash.update(chunk)
        length += chunk.byteLength
        sincePause += chunk.byteLength
        if (sincePause < pauseEvery) return true
        sincePause = 0
        setTimeout(() => body.resume(), 1)
        return false
      },
      end: () => resolve({ length, sha256: hash.digest('hex') }),
      fail: reject,
    })
  })
}

function patternOf(size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  for (let at = 0; at < size; at += 4) bytes.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at)
  return bytes
}

const PATTERN = patternOf(1024 * 1024)

/** So many times the pattern, as it is asked for. */
function repeated(times: number): StreamBody {
  let left = times
  const body = new StreamBody(times * PATTERN.length, {
    resumeBody() {
      while (left > 0) {
        left--
        if (!body.push(Buffer.from(PATTERN))) return
      }
      body.end()
    },
    cancelBody() {},
  })
  return body
}

function expected(times: number): Digest {
  const hash = createHash('sha256')
  for (let count = 0; count < times; count++) hash.update(PATTERN)
  return { length: times * PATTERN.length, sha256: hash.digest('hex') }
}

for (const times of [1, 100]) {
  test(`${times} MiB pass unchanged both ways`, async (t) => {
    const { send } = await served(t, (stream, path) => {
      if (path === '/up') {
        const hash = createHash('sha256')
        stream.on('data', (chunk: Buffer) => hash.update(chunk))
        stream.on('end', () => {
          stream.respond({ ':status': 200 })
          stream.end(hash.digest('hex'))
        })
        return
      }
      // It resets what it has not read, and cuts its own response off by that.
      stream.resume()
      stream.respond({ ':status': 200 })
      let left = times
      const write = (): void => {
        while (left-- > 0) if (!stream.write(PATTERN)) return void stream.once('drain', write)
        stream.end()
      }
      write()
    })
    assert.deepEqual(await digestOf((await send('/down')).body), expected(times))
    const { body } = await send('/up', repeated(times))
    const { sha256 } = expected(times)
    assert.equal(body.whole?.latin1, sha256)
  })
}

test('a slow reader holds back its own stream alone, and gets all of it', async (t) => {
  const { send, endpoint } = await served(t, (stream, path) => {
    stream.resume()
    stream.respond({ ':status': 200 })
    if (path === '/quick') return void stream.end('quick')
    stream.end(Buffer.concat([PATTERN, PATTERN, PATTERN, PATTERN]))
  })
  const slow = Array.from({ length: 8 }, async () => digestOf((await send('/slow')).body, 64 * 1024))
  for (let count = 0; count < 50; count++) assert.equal((await send('/quick')).status, 200)
  for (const digest of await Promise.all(slow)) assert.deepEqual(digest, expected(4))
  assert.equal(endpoint.stats().opened, 1)
})

test('a server that takes an upload slowly holds its source back', async (t) => {
  const { send } = await served(t, (stream) => {
    let length = 0
    stream.on('readable', () => {
      const next = (): void => {
        const chunk = stream.read() as Buffer | null
        if (chunk === null) return
        length += chunk.length
        setTimeout(next, 1)
      }
      next()
    })
    stream.on('end', () => {
      stream.respond({ ':status': 200 })
      stream.end(String(length))
    })
  })
  let given = 0
  const body = new StreamBody(undefined, {
    resumeBody() {
      // As a source that makes one piece each time that it is asked.
      for (let room = true; room && given < 4 * PATTERN.length; ) {
        given += 64 * 1024
        room = body.push(PATTERN.subarray(0, 64 * 1024))
      }
      if (given >= 4 * PATTERN.length) body.end()
    },
    cancelBody() {},
  })
  const answer = send('/', body)
  assert.ok(given <= 1024 * 1024, `${given} bytes were taken before there was a window`)
  assert.equal((await digestOf((await answer).body)).length, String(4 * PATTERN.length).length)
})

test('whatever a server does to its streams and connections, each exchange ends, and nothing is left', async (t) => {
  let seed = 20_261_130
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return (seed >>> 8) % below
  }
  let sessions: ReadonlySet<ServerHttp2Session> = new Set()
  const rig = await served(t, (stream) => {
    switch (random(20)) {
      case 0:
        return stream.close(constants.NGHTTP2_REFUSED_STREAM)
      case 1:
        return stream.close(constants.NGHTTP2_INTERNAL_ERROR)
      case 2:
        stream.respond({ ':status': 200, 'content-length': '10' })
        stream.write('half')
        return stream.close(constants.NGHTTP2_CANCEL)
      case 3:
        if (random(5) === 0)
          [...sessions][random(sessions.size)]?.goaway(0, random(2) === 0 ? 0 : (stream.id ?? 0))
        break
      case 4:
        if (random(10) === 0) [...sessions][random(sessions.size)]?.destroy()
        break
      case 5:
        stream.respond({ ':status': 200 })
        return void stream.end()
      case 6:
        stream.additionalHeaders({ ':status': 102 })
        break
      default:
    }
    if (stream.destroyed || stream.closed) return undefined
    stream.respond({ ':status': 200 })
    stream.resume()
    stream.on('end', () => stream.end(PATTERN.subarray(0, random(40_000))))
  })
  sessions = rig.sessions
  const counts = new Map<string, number>()
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1)
  const loop = async (): Promise<void> => {
    for (let turn = 0; turn < 60; turn++) {
      try {
        const upload = random(4)
        const body = upload === 0 ? bodyFrom(PATTERN.subarray(0, random(200_000))) : undefined
        const response = await rig.send('/', upload === 1 ? repeated(1) : body)
        if (random(10) === 0) response.body.cancel(new TrafficError('cancelled', 'enough'))
        else await digestOf(response.body)
        count('whole')
      } catch (thrown) {
        assert.ok(thrown instanceof TrafficError, String(thrown))
        count(`${thrown.code} ${thrown.replaySafe}`)
      }
    }
  }
  await Promise.all(Array.from({ length: 16 }, loop))
  const total = [...counts.values()].reduce((sum, each) => sum + each, 0)
  assert.equal(total, 960)
  // node:http2 ends a stream that it cuts off as if it were whole: Content-Length tells.
  const allowed =
    /^(whole|(upstream_closed|connect_failed) (refused|unsent|idempotent)|malformed_response idempotent)$/
  for (const what of counts.keys()) assert.match(what, allowed)
  assert.ok((counts.get('whole') ?? 0) > 500, JSON.stringify([...counts]))
  assert.ok((counts.get('upstream_closed refused') ?? 0) > 0, JSON.stringify([...counts]))
  await eventually(() => {
    const { active, pending, connecting, exchanges } = rig.endpoint.stats()
    return active + pending + connecting + exchanges === 0
  }, 'nothing is under way')
  await rig.endpoint.drain()
  const { opened, closed } = rig.endpoint.stats()
  assert.equal(closed, opened)
})
