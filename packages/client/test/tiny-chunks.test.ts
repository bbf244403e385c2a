import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { clientOf } from './origin.ts'

test('a response in chunks of one byte costs the client a few times what one with a length does', async (t) => {
  const size = 600_000
  const head = 'HTTP/1.1 200 OK\r\n'
  const tiny = Buffer.from(
    `${head}transfer-encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(size / 6)}0\r\n\r\n`,
  )
  const plain = Buffer.from(`${head}content-length: ${size}\r\n\r\n${'x'.repeat(size)}`)
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => socket.write(chunk.includes('GET /tiny') ? tiny : plain))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on TCP
  const client = clientOf(t)
  t.after(() => server.close())
  const read = {
    whole: async (path: string) => (await client.get(`${origin}${path}`).bytes()).length,
    stream: async (path: string) => {
      let length = 0
      for await (const chunk of (await client.get(`${origin}${path}`)).body ?? []) length += chunk.byteLength
      return length
    },
  }
  for (const [name, length] of Object.entries(read)) {
    const cpu = async (path: string, expected: number): Promise<number> => {
      const before = process.cpuUsage()
      assert.equal(await length(path), expected)
      const { user, system } = process.cpuUsage(before)
      return (user + system) / 1000
    }
    await cpu('/tiny', size / 6) // what is compiled late is not measured
    const ratios: number[] = []
    for (let round = 0; round < 5; round++) {
      const [one, other] = [await cpu('/plain', size), await cpu('/tiny', size / 6)]
      t.diagnostic(
        `${name}: ${one.toFixed(1)} ms of CPU with a length, ${other.toFixed(1)} ms in tiny chunks`,
      )
      ratios.push(other / one)
    }
    assert.ok(Math.min(...ratios) < 10, `${name}: ${ratios.map(Math.round).join(', ')} times as much`)
  }
})
