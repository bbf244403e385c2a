import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ScriptedConnection, ScriptedPeer } from '@headgate/core/testing'
import { clientOf } from './origin.ts'

/** Answers each head at once with the path asked for, and leaves bodies unread: what follows a head is the next head. */
function answerHeads(connection: ScriptedConnection): void {
  connection.socket.on('data', () => {
    for (;;) {
      const [, path] = /^\S* (\S+)[^]*?\r\n\r\n/.exec(connection.text) ?? []
      if (path === undefined) return
      connection.text = connection.text.slice(connection.text.indexOf('\r\n\r\n') + 4)
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`)
    }
  })
}

test('a body that an origin leaves unread never becomes the answer to the next call', async (t) => {
  const origin = await ScriptedPeer.listen(answerHeads)
  t.after(() => origin.close())
  const client = clientOf(t, { baseUrl: origin.url })
  const got: string[] = []
  for (let round = 0; round < 20; round++) {
    const answered = Promise.withResolvers<undefined>()
    const sent = Promise.withResolvers<undefined>()
    const body = new ReadableStream({
      async pull(controller) {
        await answered.promise
        controller.enqueue(Buffer.from('GET /ok/smuggled HTTP/1.1\r\nhost: a\r\n\r\n'))
        controller.close()
        sent.resolve(undefined)
      },
    })
    const response = await client.post('/early', { body })
    assert.equal(await response.text(), '/early')
    answered.resolve(undefined)
    await sent.promise
    got.push(await client.get('/own').text(), await client.get('/own').text())
  }
  assert.deepEqual(new Set(got), new Set(['/own']))
})
