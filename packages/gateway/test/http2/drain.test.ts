import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGateway } from '../../src/embedding/create-gateway.ts'
import { RawClient } from '../../../core/test/h2/raw-client.ts'
import { startRecordingOrigin, TAKEN } from '../attack/recording-origin.ts'

test('a gateway that closes serves what came before its client knew, and tells which request was the last', async (t) => {
  const origin = await startRecordingOrigin(t)
  const answers: (() => void)[] = []
  origin.answer = () => new Promise((resolve) => answers.push(() => resolve(TAKEN)))
  const gateway = await createGateway({
    listeners: [{ address: '127.0.0.1:0' }],
    routes: [{ upstream: origin.url }],
  })
  const [listener] = await gateway.listen()
  const client = await RawClient.to(listener?.port ?? 0)
  t.after(() => client.connection.socket.destroy())
  client.begin()
  const first = origin.next()
  client.send(client.head(1))
  await first
  const closed = gateway.close(20_000)
  const question = (await client.until('PING')).at(-1) ?? ''
  const second = origin.next()
  client.send(
    client.head(3),
    Buffer.concat([Buffer.from('000008060100000000', 'hex'), Buffer.from(question.slice(-8))]),
  )
  await client.until('GOAWAY 3 NO_ERROR')
  await second
  client.send(client.head(5))
  while (answers.length < 2) await new Promise(setImmediate)
  for (const answer of answers) answer()
  const lines = await client.gone()
  assert.deepEqual(lines.filter((line) => line.startsWith('DATA')).sort(), [
    'DATA+END 1 taken',
    'DATA+END 3 taken',
  ])
  assert.deepEqual(await closed, { cut: 0 })
})
