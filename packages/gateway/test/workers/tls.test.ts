import assert from 'node:assert/strict'
import { join } from 'node:path'
import { it } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { makeCertificate } from '../../../core/test/certificates.ts'
import { folder, HEADGATE, TestProcess } from '../headgate-process.ts'
import { startOrigin } from '../origin.ts'

/** One request on a connection of its own: what came back, whether the session was resumed, and one to resume. */
function get(
  port: number,
  ca: string,
  session?: Buffer,
): Promise<{ body: string; resumed: boolean; session: Buffer }> {
  return new Promise((resolve, reject) => {
    let body = ''
    let next: Buffer | undefined
    let resumed = false
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', ca, ...(session && { session }) }, () => {
      resumed = socket.isSessionReused()
      socket.write('GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n')
    })
    socket.setEncoding('latin1').on('data', (text: string) => (body += text))
    socket.on('session', (given) => (next = given))
    socket.on('error', reject)
    socket.on('close', () => {
      const ticket = next ?? session
      if (ticket === undefined) reject(new Error('no session ticket came'))
      else resolve({ body, resumed, session: ticket })
    })
  })
}

it('a TLS session is resumed by whichever worker the next connection meets', async () => {
  const origin = await startOrigin()
  const { key, cert } = makeCertificate({ names: ['127.0.0.1'] })
  const config = {
    workers: 2,
    listeners: [{ address: '127.0.0.1:0', tls: { cert: 'cert.pem', key: 'key.pem' } }],
    admin: false,
    routes: [{ upstream: origin.url }],
  }
  const cwd = folder({ 'key.pem': key, 'cert.pem': cert, 'headgate.json': JSON.stringify(config) })
  const gateway = new TestProcess(process.execPath, [HEADGATE, 'run', '-c', join(cwd, 'headgate.json')])
  await gateway.print(/ready: version/)
  const [, port] = await gateway.print(/"url":"https:\/\/127\.0\.0\.1:(\d+)"/)
  let last = await get(Number(port), cert)
  assert.equal(last.resumed, false)
  // Sixteen connections all met by one of two workers: once in 32,768 runs, and then this proves nothing, but holds.
  for (let count = 0; count < 16; count++) {
    last = await get(Number(port), cert, last.session)
    assert.match(last.body, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok\n$/)
    assert.equal(last.resumed, true)
  }
  gateway.child.kill('SIGTERM')
  assert.equal((await gateway.finished).code, 0)
})
