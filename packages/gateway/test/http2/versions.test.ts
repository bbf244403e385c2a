import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RawClient } from '../../../core/test/h2/raw-client.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { startMetered } from '../features/metered-gateway.ts'

test('exchanges are counted by the version of HTTP that the client speaks', async (t) => {
  const { url, shown } = await startMetered(t, { routes: [{ respond: { body: 'hello' } }] })
  const port = Number(new URL(url).port)
  for (const version of ['1.0', '1.1', '1.1']) {
    const client = await RawClient.to(port)
    client.connection.send(`GET / HTTP/${version}\r\nhost: a\r\nconnection: close\r\n\r\n`)
    await client.connection.end()
  }
  const client = await RawClient.to(port)
  client.begin()
  client.send(client.head(1), client.head(3), client.head(5))
  await client.until('DATA+END 5')
  client.connection.socket.destroy()
  const counted = (): string =>
    shown()
      .split('\n')
      .filter((line) => line.startsWith('headgate_requests_by_version_total'))
      .join(' ')
  await eventually(() => counted().includes('version="2"} 3'), 'all are counted')
  assert.equal(
    counted().replaceAll('headgate_requests_by_version_total{network_protocol_version=', '{'),
    '{"1.0"} 1 {"1.1"} 2 {"2"} 3',
  )
})
