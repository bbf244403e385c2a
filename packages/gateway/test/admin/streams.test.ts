import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type BodySource, StreamBody, TrafficError } from '@headgate/core'
import { VirtualClock } from '@headgate/core/testing'
import { type AdminOperation, json, streamed } from '../../src/admin-api/operation.ts'
import {
  type AdminServer,
  type AdminServerOptions,
  CONNECTION_LIMITS,
  listenAdmin,
} from '../../src/admin/server.ts'
import type { Address } from '../../src/settings/values/address.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { folder } from '../headgate-process.ts'
import { type Description, mistakesIn } from './description.ts'

/** What a test pushes into a stream, and what the stream tells its source. */
class Source implements BodySource {
  readonly body = new StreamBody(undefined, this)
  resumed = 0
  cancelled: TrafficError | undefined

  resumeBody(): void {
    this.resumed++
  }

  cancelBody(error: TrafficError): void {
    this.cancelled = error
  }

  say(text: string): boolean {
    return this.body.push(Buffer.from(text))
  }
}

const TYPE = 'text/event-stream'

interface Started {
  readonly server: AdminServer
  /** One for each call, in their order. */
  readonly sources: readonly Source[]
  /** A connection on which that was sent. */
  readonly send: (text: string) => Peer
}

interface Peer {
  readonly socket: Socket
  /** All that has come. */
  readonly came: () => string
}

const TCP: Address = { kind: 'tcp', host: '127.0.0.1', port: 0 }

async function start(
  t: TestContext,
  options: AdminServerOptions = {},
  address: Address = TCP,
): Promise<Started> {
  const sources: Source[] = []
  const events: AdminOperation = {
    method: 'GET',
    path: '/events',
    about: 'what happens',
    id: 'getEvents',
    stream: TYPE,
    answers: { 200: 'a stream' },
    handle() {
      const source = new Source()
      sources.push(source)
      return streamed(TYPE, source.body)
    },
  }
  const plain: AdminOperation = {
    method: 'GET',
    path: '/plain',
    about: 'no stream',
    id: 'getPlain',
    answers: { 200: 'as it is' },
    handle: () => json({}),
  }
  const server = await listenAdmin({ address, hosts: [] }, [events, plain], options)
  t.after(async () => {
    const closed = server.close()
    if (options.clock instanceof VirtualClock) await options.clock.advance(10_000)
    await closed
  })
  const send = (text: string): Peer => {
    const { address } = server
    const socket =
      address.kind === 'unix' ? connect(address.path) : connect({ host: address.host, port: address.port })
    let all = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => (all += chunk))
    socket.on('error', () => {})
    t.after(() => socket.destroy())
    socket.write(text)
    return { socket, came: () => all }
  }
  return { server, sources, send }
}

function get(path: string, method = 'GET', version = '1.1'): string {
  return `${method} ${path} HTTP/${version}\r\nhost: 127.0.0.1\r\n\r\n`
}

/** The source of the stream that is asked for next. */
async function begun({ sources, send }: Started, text = get('/events')): Promise<[Source, Peer]> {
  const { length } = sources
  const peer = send(text)
  await eventually(() => /\r\n\r\n/.test(peer.came()), 'the head has come')
  const source = sources[length]
  assert.ok(source)
  return [source, peer]
}

async function comes(peer: Peer, expected: RegExp): Promise<void> {
  await eventually(() => expected.test(peer.came()), `${expected} has come`)
}

const CHUNK = 'x'.repeat(64 * 1024)

/** Pushes for as long as there is room, in the kernel too; returns how many chunks that were. */
async function flood(source: Source): Promise<number> {
  let pushed = 0
  for (let resumed = -1; resumed < source.resumed; ) {
    ;({ resumed } = source)
    do pushed++
    while (source.say(CHUNK))
    assert.ok(pushed < 1_000, 'no end of what is taken from a source whose reader reads nothing')
    for (let turn = 0; turn < 50 && resumed === source.resumed; turn++) await new Promise(setImmediate)
  }
  return pushed
}

describe('a stream of the admin API', () => {
  it('is sent as it is made, chunk by chunk, and its connection serves on behind it', async (t) => {
    const started = await start(t)
    const [source, peer] = await begun(started)
    const head = peer.came()
    assert.match(
      head,
      /^HTTP\/1\.1 200 OK\r\ncontent-type: text\/event-stream\r\ncache-control: no-store\r\n/,
    )
    assert.match(head, /\r\ntransfer-encoding: chunked\r\n/)
    assert.ok(source.say('data: 1\n\n'))
    await comes(peer, /\r\n9\r\ndata: 1\n\n\r\n$/)
    source.say('data: 22\n\n')
    await comes(peer, /\r\na\r\ndata: 22\n\n\r\n$/)
    source.body.end()
    await comes(peer, /\r\n0\r\n\r\n$/)
    peer.socket.write(get('/plain'))
    await comes(peer, /\r\n0\r\n\r\nHTTP\/1\.1 200 /)
    assert.equal(source.cancelled, undefined)
  })

  it('waits for its reader: the source is asked to pause, and goes on when there is room', async (t) => {
    const [source, peer] = await begun(await start(t))
    peer.socket.pause()
    const pushed = await flood(source)
    const { resumed } = source
    peer.socket.resume()
    await eventually(() => source.resumed > resumed, 'it goes on')
    source.body.end()
    await comes(peer, /\r\n0\r\n\r\n$/)
    assert.equal(peer.came().split(CHUNK).length - 1, pushed)
  })

  it('tells its source when its reader leaves', async (t) => {
    const started = await start(t)
    const [source, peer] = await begun(started)
    peer.socket.destroy()
    await eventually(() => source.cancelled !== undefined, 'the source is told')
    assert.equal(source.cancelled?.code, 'downstream_closed')
    const [other, half] = await begun(started)
    half.socket.end()
    await eventually(() => other.cancelled !== undefined, 'that of one that closes its side is told, too')
  })

  it('goes on for as long as it is read, and not for a reader that takes nothing', async (t) => {
    const clock = new VirtualClock()
    const started = await start(t, { clock })
    const [source, peer] = await begun(started)
    await clock.advance(24 * 3_600_000)
    source.say('still there')
    await comes(peer, /still there/)
    peer.socket.pause()
    await flood(source)
    // In the first period, the kernel took something.
    await clock.advance(2 * CONNECTION_LIMITS.answer)
    assert.equal(source.cancelled?.code, 'downstream_too_slow')
  })

  it('ends as complete when the listener is closed, whoever still has something to say', async (t) => {
    const started = await start(t)
    const all = [await begun(started), await begun(started)]
    const [waiting] = all
    assert.ok(waiting)
    waiting[0].say('last words')
    const closed = started.server.close()
    for (const [source, peer] of all) {
      await comes(peer, /\r\n0\r\n\r\n$/)
      assert.equal(source.cancelled?.code, 'shutting_down')
      assert.doesNotThrow(() => source.say('too late'))
    }
    await closed
    await eventually(() => all.every(([, { socket }]) => socket.closed), 'the connections are closed')
  })

  it('does not keep the listener from being closed by a reader that takes nothing', async (t) => {
    const clock = new VirtualClock()
    const started = await start(t, { clock })
    const [source, peer] = await begun(started)
    peer.socket.pause()
    await flood(source)
    const closed = started.server.close()
    await clock.advance(1_000)
    await closed
    assert.equal(source.cancelled?.code, 'shutting_down')
  })

  it('is one of so many, beyond which a stream is refused and nothing else', async (t) => {
    const started = await start(t, { limits: { ...CONNECTION_LIMITS, streams: 2 } })
    const [first] = await begun(started)
    await begun(started)
    const [third, refused] = await begun(started)
    assert.match(refused.came(), /^HTTP\/1\.1 503 .*"Too many streams"/s)
    assert.equal(third.cancelled?.code, 'overloaded')
    refused.socket.write(get('/plain'))
    await comes(refused, /HTTP\/1\.1 200 /)
    first.body.end()
    assert.match((await begun(started))[1].came(), /^HTTP\/1\.1 200 /)
  })

  it('is not begun without the token, and not sent to HEAD', async (t) => {
    const started = await start(t, { token: 'secret' })
    const refused = started.send(get('/events'))
    await comes(refused, /^HTTP\/1\.1 401 .*\}\n$/s)
    assert.deepEqual(started.sources, [])
    const [source, peer] = await begun(
      started,
      get('/events', 'HEAD').replace(/\r\n$/, 'authorization: Bearer secret\r\n\r\n'),
    )
    assert.equal(source.cancelled?.code, 'cancelled')
    assert.doesNotMatch(peer.came(), /content-length|\r\n\r\n./)
  })

  it('breaks visibly when its source fails', async (t) => {
    const [source, peer] = await begun(await start(t))
    source.say('half')
    await comes(peer, /half/)
    source.body.fail(new TrafficError('internal', 'out of events'))
    await eventually(() => peer.socket.closed, 'the connection is cut off')
    assert.doesNotMatch(peer.came(), /\r\n0\r\n\r\n/)
  })

  it('is had through a unix socket, and by a client of HTTP/1.0', async (t) => {
    const started = await start(t, {}, { kind: 'unix', path: join(folder(), 'admin.sock') })
    const [source, peer] = await begun(started, 'GET /events HTTP/1.0\r\n\r\n')
    source.say('data: 1\n\n')
    source.body.end()
    await eventually(() => peer.socket.closed, 'it ends with the connection')
    assert.match(peer.came(), /^HTTP\/1\.1 200 [^]*\r\n\r\ndata: 1\n\n$/)
  })

  it('stands in the description with its media type', async (t) => {
    const { server } = await start(t)
    assert.ok(server.address.kind === 'tcp')
    const answer = await fetch(`http://127.0.0.1:${server.address.port}/openapi.json`)
    const description = (await answer.json()) as Description
    assert.deepEqual(mistakesIn(description), [])
    const { content } = description.paths['/events']?.['get']?.responses['200'] ?? {}
    assert.deepEqual(content, { [TYPE]: {} })
  })
})
