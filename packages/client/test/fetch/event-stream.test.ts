import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ScriptedPeer, VirtualClock } from '@headgate/core/testing'
import { clientOf } from '../origin.ts'

const TYPES = [
  'text/event-stream',
  'application/x-ndjson',
  'application/jsonl; charset=utf-8',
  'application/json-seq',
  'application/vnd.amazon.eventstream',
  'application/connect+json',
  'multipart/x-mixed-replace; boundary=x',
]

test('what flows record by record is not ended by the deadline of preset standard, but for origins that are not trusted', async (t) => {
  for (const type of TYPES) {
    for (const [preset, ends] of [
      ['standard', false],
      ['untrusted', true],
      ['crawler', true],
    ] as const) {
      const clock = new VirtualClock()
      const flow = Promise.withResolvers<undefined>()
      const transport = {
        fetch: () => {
          const chunks = async function* (): AsyncGenerator<Uint8Array> {
            yield Buffer.from('first')
            await flow.promise
            yield Buffer.from('second')
          }
          return new Response(ReadableStream.from(chunks()), {
            status: 201,
            headers: { 'content-type': type },
          })
        },
      }
      const client = clientOf(t, { clock, transport, preset, guard: false })
      const reader = (await client.post('http://api.example/')).body?.getReader()
      await reader?.read()
      const next = reader?.read()
      next?.catch(() => {})
      await clock.advance(200_000)
      flow.resolve(undefined)
      if (ends)
        await assert.rejects(next ?? assert.fail(), { code: 'deadline_exceeded' }, `${preset} ${type}`)
      else assert.equal(Buffer.from((await next)?.value ?? []).toString(), 'second', `${preset} ${type}`)
    }
  }
})

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\n\r\n'

test('a flowing stream of events is not ended by the deadline of the client, but by one that the call names', async (t) => {
  const clock = new VirtualClock()
  const peer = await ScriptedPeer.listen(async (connection) => {
    await connection.receives('\r\n\r\n')
    connection.send(`${HEAD}data: 1\n\n`)
  })
  t.after(() => peer.close())
  const { fetch } = clientOf(t, { clock, timeout: { deadline: 1_000 } })
  for (const [init, ends] of [
    [{}, false],
    [{ headgate: { timeout: 1_000 } }, true],
  ] as const) {
    const reader = (await fetch(peer.url, init)).body?.getReader()
    await reader?.read()
    const next = reader?.read()
    // It is looked at below, after the time has passed.
    next?.catch(() => {})
    await clock.advance(20_000)
    const connection = peer.connections.at(-1)
    if (ends) {
      await assert.rejects(next ?? assert.fail(), { message: 'terminated', code: 'ETIMEDOUT' })
      continue
    }
    connection?.send('data: 2\n\n')
    const { value } = (await next) ?? assert.fail()
    assert.equal(Buffer.from(value ?? []).toString(), 'data: 2\n\n')
    await reader?.cancel()
  }
})
