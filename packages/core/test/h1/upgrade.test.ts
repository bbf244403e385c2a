import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { bodyFrom } from '../../src/message/body.ts'
import { TrafficError } from '../../src/message/errors.ts'
import type { Policy } from '../../src/message/handler.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { forwarding } from '../../src/policies/forwarding.ts'
import type { ScriptedConnection } from '../../src/testing/scripted-peer.ts'
import {
  A_FEW_READS,
  dial,
  echo,
  eventually,
  FilledBody,
  headers,
  type Proxied,
  proxy,
  serve,
  undated,
} from './harness.ts'

const WANTED =
  'GET /chat HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: k\r\n\r\n'
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: a\r\n\r\n'

/** A tunnel that is open: its two outer ends. */
async function opened(
  t: TestContext,
  around?: Policy,
): Promise<Proxied & { client: ScriptedConnection; origin: Proxied['origin']; far: ScriptedConnection }> {
  const proxied = await proxy(t, around)
  const client = await proxied.server.client()
  client.send(WANTED)
  const far = await proxied.origin.accept()
  await far.receives('\r\n\r\n')
  far.forget()
  far.send(SWITCHED)
  await client.receives('\r\n\r\n')
  client.forget()
  return { ...proxied, client, far }
}

test('a wanted switch is asked of the origin, answered to the peer, and bytes pass both ways', async (t) => {
  const { server, origin } = await proxy(t)
  const client = await server.client()
  client.send(WANTED)
  const far = await origin.accept()
  assert.equal(
    await far.receives('\r\n\r\n'),
    'GET /chat HTTP/1.1\r\nhost: h\r\nsec-websocket-key: k\r\nconnection: upgrade\r\nupgrade: WebSocket\r\n\r\n',
  )
  far.forget()
  far.send(`${SWITCHED}early`)
  assert.equal(
    undated(await client.receives('early')),
    'HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nearly',
  )
  client.send('\0\xff from the client')
  await far.receives('\0\xff from the client')
  far.send('GET / HTTP/1.1\r\n\r\n from the origin')
  await client.receives('from the origin')
  assert.equal(server.exchanges.length, 1)
})

test('the switch survives a policy that removes hop-by-hop fields', async (t) => {
  const { server, origin } = await proxy(t, forwarding())
  const client = await server.client()
  client.send(WANTED)
  const far = await origin.accept()
  assert.match(await far.receives('\r\n\r\n'), /\r\nconnection: upgrade\r\nupgrade: WebSocket\r\n/)
  far.send(SWITCHED)
  assert.match(await client.receives('\r\n\r\n'), /\r\nconnection: upgrade\r\nupgrade: websocket\r\n/i)
})

test('bytes behind the request are held until 101', async (t) => {
  const { server, origin } = await proxy(t)
  const client = await server.client()
  client.send(`${WANTED}first`)
  const far = await origin.accept()
  await far.receives('\r\n\r\n')
  client.send(' second')
  for (let wait = 0; wait < 20; wait++) await turn()
  assert.match(far.forget(), /\r\n\r\n$/)
  far.send(SWITCHED)
  await client.receives('101')
  client.send(' third')
  assert.equal(await far.receives('third'), 'first second third')
})

test('a refused switch with bytes behind it ends the connection, and nobody sees the bytes', async (t) => {
  const { server, origin } = await proxy(t)
  const client = await server.client()
  client.send(`${WANTED}GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n`)
  const far = await origin.accept()
  await far.receives('\r\n\r\n')
  far.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno')
  assert.match(await client.end(), /^HTTP\/1\.1 200 OK\r\n(.*\r\n)*connection: close\r\n\r\nno$/)
  assert.equal(server.exchanges.length, 1)
  assert.doesNotMatch(far.text, /smuggled/)
  assert.equal(origin.connections.length, 1)
})

test('a refused switch with bytes behind it ends the connection, even if a policy hid the wish', async (t) => {
  const server = await serve(t, (exchange) => {
    exchange.request.upgrade = undefined
    return Promise.resolve(new HttpResponse(200, headers(), bodyFrom('no')))
  })
  const client = await server.client()
  client.send(`${WANTED}GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n`)
  assert.match(await client.end(), /connection: close\r\n\r\nno$/)
  assert.equal(server.exchanges.length, 1)
})

test('a refused switch without bytes behind it leaves the connection as it was', async (t) => {
  const { server, origin } = await proxy(t)
  const client = await server.client()
  client.send(WANTED)
  const far = await origin.accept()
  for (let count = 1; count <= 2; count++) {
    await far.receives('\r\n\r\n')
    far.forget()
    far.send('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\nUpgrade: x\r\n\r\nno')
    assert.equal(
      undated(await client.receives('no')),
      'HTTP/1.1 426 Upgrade Required\r\ncontent-length: 2\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nno',
    )
    client.forget()
    if (count === 1) client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  }
})

for (const [name, bytes] of [
  ['h2c', WANTED.replace('WebSocket', 'h2c')],
  ['h2c by another case and version', WANTED.replace('WebSocket', 'H2C/1, HTTP/2.0, TLS/1.0')],
  ['a list with a member that is no protocol', WANTED.replace('WebSocket', 'websocket, a b')],
  ['a list without a member', WANTED.replace('WebSocket', ' , ,')],
  ['an upgrade that Connection does not name', WANTED.replace('keep-alive, Upgrade', 'keep-alive')],
  ['an upgrade in HTTP/1.0', WANTED.replace('HTTP/1.1', 'HTTP/1.0')],
  [
    'an upgrade with an expectation',
    WANTED.replace('\r\n\r\n', '\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx'),
  ],
] as const) {
  test(`no wish to switch: ${name}`, async (t) => {
    const server = await serve(t, echo)
    const client = await server.client()
    client.send(bytes)
    await client.receives('200 OK')
    assert.equal(server.exchanges[0]?.request.upgrade, undefined)
  })
}

for (const [name, answer] of [
  ['101 that was not asked for', SWITCHED],
  ['101 to another protocol', SWITCHED],
  ['101 without a protocol', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
] as const) {
  test(`${name} is a malformed response`, async (t) => {
    const { origin, send, told } = await dial(t)
    const { response } = send('GET', name === '101 that was not asked for' ? {} : { upgrade: 'other' })
    origin.send(answer)
    await assert.rejects(response, { code: 'malformed_response' })
    assert.deepEqual(told, ['closed'])
    await origin.end()
  })
}

test('each direction of a tunnel ends on its own, and the other goes on', async (t) => {
  const { server, client, far } = await opened(t)
  client.send('last words')
  client.finish()
  assert.equal(await far.end(), 'last words')
  far.send('x'.repeat(1_000_000))
  await client.receives(1_000_000)
  far.send('and bye')
  far.finish()
  assert.match(await client.gone(), /and bye$/)
  await far.gone()
  assert.equal(far.wasReset || client.wasReset, false)
  await eventually(() => server.closed.length === 1, 'the server lets go')
  const [outcome] = server.outcomes
  assert.deepEqual([outcome?.status, outcome?.error], [101, undefined])
  assert.equal(server.clock.pending, 0)
})

test('the origin may end its direction first', async (t) => {
  const { client, far } = await opened(t)
  far.finish()
  await client.end()
  client.send('x'.repeat(1_000_000))
  await far.receives(1_000_000)
  client.finish()
  await far.gone()
  await client.gone()
})

test('a peer that closed its side behind the request is switched and half closed', async (t) => {
  const { server, origin } = await proxy(t)
  const client = await server.client()
  client.send(WANTED)
  const far = await origin.accept()
  await far.receives('\r\n\r\n')
  client.finish()
  await eventually(() => server.connections[0]?.socket.readableEnded === true, 'its end arrived')
  far.send(SWITCHED)
  await far.end()
  far.send('one way')
  await client.receives('one way')
  await server.clock.advance(60_000)
  assert.equal(client.closed, false)
})

for (const [name, breaker, other] of [
  ['the client', 'client', 'far'],
  ['the origin', 'far', 'client'],
] as const) {
  for (const half of ['', ' after it closed its side']) {
    test(`a tunnel whose end at ${name} breaks${half} is cut at the other as well`, async (t) => {
      const tunnel = await opened(t)
      if (half !== '') {
        tunnel[breaker].finish()
        await tunnel[other].end()
      }
      tunnel[breaker].reset()
      // A connection whose end was read already is not looked at before it is written to.
      if (half !== '') tunnel[other].send('anyone there?')
      else await tunnel[other].end()
      await eventually(() => tunnel.server.closed.length === 1, 'the server lets go')
      await eventually(() => tunnel.upstreams[0]?.closed === true, 'the connection to the origin is closed')
      assert.equal(tunnel.server.clock.pending, 0)
      assert.equal(tunnel.server.outcomes.length, 1)
    })
  }
}

for (const [name, from, to] of [
  ['from the client', 'client', 'far'],
  ['from the origin', 'far', 'client'],
] as const) {
  test(`a tunnel passes bytes ${name} on only as fast as they are taken`, async (t) => {
    const tunnel = await opened(t)
    tunnel[to].pause()
    const size = 40_000_000
    const near = from === 'client' ? tunnel.server.connections[0] : tunnel.upstreams[0]
    const leaving = from === 'client' ? tunnel.upstreams[0] : tunnel.server.connections[0]
    for (let sent = 0; sent < size; sent += 1_000_000) tunnel[from].send('x'.repeat(1_000_000))
    await eventually(() => near?.socket.isPaused() === true, 'it waits')
    for (let wait = 0; wait < 50; wait++) await turn()
    assert.ok((leaving?.socket.writableLength ?? Infinity) <= A_FEW_READS)
    tunnel[to].resume()
    await tunnel[to].receives(size)
    assert.equal(tunnel[to].text.length, size)
  })
}

test('a tunnel through which nothing passes is cut in the end, one that is used is not', async (t) => {
  const { server, client, far } = await opened(t)
  for (let hour = 0; hour < 3; hour++) {
    await server.clock.advance(3_500_000)
    client.forget()
    far.send('ping')
    await client.receives('ping')
  }
  await server.clock.advance(3_700_000)
  await client.end()
  await far.end()
  await eventually(() => server.closed.length === 1, 'the server lets go')
})

test('a tunnel is cut when its exchange is cancelled', async (t) => {
  const { server, client, far, upstreams } = await opened(t)
  server.exchanges[0]?.cancel(new TrafficError('deadline_exceeded', 'too long'))
  await far.end()
  await client.end()
  await eventually(() => server.closed.length === 1, 'the server lets go')
  assert.equal(upstreams[0]?.closed, true)
})

test('a peer that leaves before 101 leaves no tunnel behind', async (t) => {
  const { server, origin } = await proxy(t)
  const client = await server.client()
  client.send(WANTED)
  const far = await origin.accept()
  await far.receives('\r\n\r\n')
  client.reset()
  await far.end()
  assert.equal(server.outcomes[0]?.error?.code, 'downstream_closed')
})

test('a tunnel that nobody can be switched to is cut', async (t) => {
  const { server, origin, upstreams } = await proxy(t, (next) => async (exchange) => {
    const response = await next(exchange)
    response.headers.add('x-a', 'not\r\nallowed')
    return response
  })
  const client = await server.client()
  client.send(WANTED)
  const far = await origin.accept()
  await far.receives('\r\n\r\n')
  far.send(SWITCHED)
  assert.match(await client.end(), /^HTTP\/1\.1 500 /)
  await far.end()
  assert.equal(upstreams[0]?.closed, true)
})

const EXEC =
  'POST /v1/exec/x/start HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\n'
const DETACHED = '{"Detach":false,"Tty":false}\n'
const TO_TCP = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'

test('a switch that is asked for with a body is passed on with all of it, and bytes pass both ways', async (t) => {
  const { server, origin } = await proxy(t)
  const client = await server.client()
  client.send(`${EXEC}Content-Length: 29\r\n\r\n${DETACHED}`)
  const far = await origin.accept()
  assert.equal(
    await far.receives(DETACHED),
    'POST /v1/exec/x/start HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ncontent-length: 29\r\nconnection: upgrade\r\nupgrade: tcp\r\n\r\n' +
      DETACHED,
  )
  far.forget()
  far.send(`${TO_TCP}$ `)
  assert.equal(
    undated(await client.receives('$ ')),
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: tcp\r\n\r\n$ ',
  )
  client.send('ls\n')
  await far.receives('ls\n')
})

for (const [name, framing, parts] of [
  ['of a length', 'Content-Length: 29', [DETACHED.slice(0, 10), DETACHED.slice(10)]],
  [
    'in chunks',
    'Transfer-Encoding: chunked',
    [`1d\r\n${DETACHED.slice(0, 10)}`, `${DETACHED.slice(10)}\r\n0\r\n\r\n`],
  ],
] as const) {
  test(`bytes behind a body ${name} that asks for a switch are held until 101, and belong to the tunnel`, async (t) => {
    const { server, origin } = await proxy(t)
    const client = await server.client()
    client.send(`${EXEC}${framing}\r\n\r\n${parts[0]}`)
    const far = await origin.accept()
    await far.receives('"Deta')
    client.send(`${parts[1]}first`)
    await far.receives(name === 'in chunks' ? '0\r\n\r\n' : DETACHED.slice(10))
    client.send(' second')
    for (let wait = 0; wait < 20; wait++) await turn()
    assert.doesNotMatch(far.forget(), /first|second/)
    far.send(TO_TCP)
    await client.receives('101')
    client.send(' third')
    assert.equal(await far.receives('third'), 'first second third')
    assert.equal(server.exchanges.length, 1)
  })

  test(`bytes behind a body ${name} are nobody's when the switch is refused, and the connection ends`, async (t) => {
    const { server, origin } = await proxy(t)
    const client = await server.client()
    client.send(`${EXEC}${framing}\r\n\r\n${parts.join('')}GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n`)
    const far = await origin.accept()
    await far.receives(name === 'in chunks' ? '0\r\n\r\n' : DETACHED)
    far.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno')
    assert.match(await client.end(), /connection: close\r\n\r\nno$/)
    assert.equal(server.exchanges.length, 1)
    assert.doesNotMatch(far.text, /smuggled/)
  })
}

test('a switch that is refused before its body has come ends the connection', async (t) => {
  const { server, origin } = await proxy(t)
  const client = await server.client()
  client.send(`${EXEC}Content-Length: 29\r\n\r\n`)
  const far = await origin.accept()
  await far.receives('\r\n\r\n')
  far.send('HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno')
  assert.match(await client.receives('no'), /connection: close\r\n\r\nno$/)
  client.send(`${DETACHED}GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n`)
  await client.end()
  assert.equal(server.exchanges.length, 1)
})

test('a refused switch whose body was whole, with nothing behind it, leaves the connection as it was', async (t) => {
  const { server, origin } = await proxy(t)
  const client = await server.client()
  const far = origin.accept()
  for (let count = 1; count <= 2; count++) {
    client.send(`${EXEC}Content-Length: 29\r\n\r\n${DETACHED}`)
    await (await far).receives(DETACHED)
    ;(await far).forget()
    ;(await far).send('HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\nno')
    assert.doesNotMatch(await client.receives('no'), /connection: close/)
    client.forget()
  }
})

test('101 that comes before the request is out is malformed: what is left of it is no part of a tunnel', async (t) => {
  const { server, origin } = await proxy(t)
  const client = await server.client()
  client.send(`${EXEC}Content-Length: 29\r\n\r\n${DETACHED.slice(0, 10)}`)
  const far = await origin.accept()
  await far.receives(DETACHED.slice(0, 10))
  far.forget()
  far.send(`${TO_TCP}early`)
  assert.match(await client.receives('\r\n\r\n'), /^HTTP\/1\.1 502 /)
  client.send(`${DETACHED.slice(10)}behind`)
  await client.end()
  assert.doesNotMatch(await far.end(), /behind/)
})

test('a handler that switches before the request body was read is an internal error: the rest is no tunnel', async (t) => {
  const written: string[] = []
  const server = await serve(t, () => {
    const far = new FilledBody()
    const tunnel = {
      incoming: far.body,
      outgoing: {
        write: (chunk: Uint8Array) => written.push(Buffer.from(chunk).toString()) > 0,
        end() {},
        fail() {},
      },
      onDrain() {},
      onGone() {},
    }
    return Promise.resolve(new HttpResponse(101, headers(['upgrade', 'tcp']), undefined, tunnel))
  })
  const client = await server.client()
  client.send(`${EXEC}Content-Length: 29\r\n\r\n${DETACHED.slice(0, 10)}`)
  assert.match(await client.receives('\r\n\r\n'), /^HTTP\/1\.1 500 /)
  client.send(`${DETACHED.slice(10)}behind`)
  await client.end()
  assert.deepEqual(written, [])
})

for (const [name, sent, passed] of [
  ['a list', 'Upgrade: WebSocket, tcp', 'WebSocket, tcp'],
  ['several fields', 'Upgrade: websocket\r\nUpgrade: tcp', 'websocket, tcp'],
  ['a list with empty members', 'Upgrade: , websocket ,\t, tcp,', 'websocket, tcp'],
  ['a list with h2c', 'Upgrade: h2c, websocket, HTTP/2.0', 'websocket'],
  ['a protocol with a version', 'Upgrade: irc/6.9, RTA/x11', 'irc/6.9, RTA/x11'],
] as const) {
  test(`of protocols in ${name} the origin sees all that are not HTTP again, in their order`, async (t) => {
    const { server, origin } = await proxy(t)
    const client = await server.client()
    client.send(WANTED.replace('Upgrade: WebSocket', sent))
    const far = await origin.accept()
    assert.match(await far.receives('\r\n\r\n'), new RegExp(`\r\nupgrade: ${passed}\r\n`))
  })
}

test('the origin chooses among the protocols, and the peer is told which', async (t) => {
  const { server, origin } = await proxy(t, forwarding())
  const client = await server.client()
  client.send(WANTED.replace('WebSocket', 'websocket, TCP'))
  const far = await origin.accept()
  await far.receives('\r\n\r\n')
  far.send(TO_TCP)
  assert.match(
    await client.receives('\r\n\r\n'),
    /^HTTP\/1\.1 101 .*\r\nconnection: upgrade\r\nupgrade: tcp\r\n/s,
  )
})

test('where there was a choice, a switch that does not say what it is to is an internal error', async (t) => {
  const { server, origin } = await proxy(t, (next) => async (exchange) => {
    const response = await next(exchange)
    response.headers.delete('upgrade')
    return response
  })
  const client = await server.client()
  client.send(WANTED.replace('WebSocket', 'websocket, tcp'))
  const far = await origin.accept()
  await far.receives('\r\n\r\n')
  far.send(TO_TCP)
  assert.match(await client.end(), /^HTTP\/1\.1 500 /)
  await far.end()
})
