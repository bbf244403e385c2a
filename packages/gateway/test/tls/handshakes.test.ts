import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { makeCertificate } from '../../../core/test/certificates.ts'
import { startGateway } from '../survival/start-gateway.ts'

const certificate = makeCertificate({ names: ['shop.example'] })
const routes = [{ respond: { body: 'hello' } }]

test('renegotiation of TLS 1.2 is refused', async (t) => {
  const { port } = await startGateway(t, {
    listeners: [{ address: '127.0.0.1:0', tls: certificate }],
    routes,
  })
  const client = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-tls1_2'], {
    timeout: 20_000,
  })
  let said = ''
  client.stdin.on('error', () => {})
  client.stderr.on('data', (piece: Buffer) => (said += piece.toString()))
  client.stdout.on('data', (piece: Buffer) => {
    said += piece.toString()
    // What openssl takes for the order to do so, once it is connected.
    if (/^---\n$/m.test(piece.toString()) && !said.includes('RENEGOTIATING')) client.stdin.write('R\n')
  })
  await once(client, 'close')
  assert.match(said, /RENEGOTIATING[^]*no renegotiation/)
})
