import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ScriptedConnection, ScriptedPeer } from '@headgate/core/testing'
import { nextResponse } from '../survival/http-client.ts'
import { startGateway } from '../survival/start-gateway.ts'

/** Answers each head at once with the path asked for, and leaves bodies unread: what follows a head is the next head. */
function answerHeads(connection: ScriptedConnection): void {
  const { socket } = connection
  socket.on('data', () => {
    for (;;) {
      const [, path] = /^\S* (\S+)[^]*?\r\n\r\n/.exec(connection.text) ?? []
      if (path === undefined) return
      connection.text = connection.text.slice(connection.text.indexOf('\r\n\r\n') + 4)
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`)
    }
  })
}

const SMUGGLED = 'GET /ok/smuggled HTTP/1.1\r\nhost: a\r\n\r\n'

test('a body that an origin leaves unread never becomes the answer to another client', async (t) => {
  const origin = await ScriptedPeer.listen(answerHeads)
  t.after(() => origin.close())
  const gateway = await startGateway(t, { routes: [{ upstream: origin.url }] })
  const wrong: string[] = []
  for (let round = 0; round < 48; round++) {
    const framing = round % 2 === 0 ? `content-length: ${SMUGGLED.length}` : 'transfer-encoding: chunked'
    const body = round % 2 === 0 ? SMUGGLED : `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`
    const [attacker, victim] = [await gateway.connect(), await gateway.connect()]
    attacker.send(`POST /early HTTP/1.1\r\nhost: a\r\n${framing}\r\n\r\n`)
    assert.equal((await nextResponse(attacker)).content, '/early')
    attacker.send(body)
    // What the attacker gets next says that its body has been passed on, or thrown away.
    attacker.send('GET /own HTTP/1.1\r\nhost: a\r\n\r\n')
    victim.send('GET /victim HTTP/1.1\r\nhost: a\r\n\r\n')
    const got = [(await nextResponse(attacker)).content, (await nextResponse(victim)).content]
    if (got.join() !== '/own,/victim') wrong.push(got.join())
    attacker.socket.destroy()
    victim.socket.destroy()
  }
  t.diagnostic(`answers that were not one's own: ${wrong.length} of 96`)
  assert.deepEqual(wrong, [])
})
