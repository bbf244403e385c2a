import assert from 'node:assert/strict'
import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { it } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { type Certificate, makeCertificate } from '../../../core/test/certificates.ts'
import { folder, HEADGATE, TestProcess } from '../headgate-process.ts'

it('the certificate that upstreams are shown is another one once its files are; a broken one leaves the one before', async (t) => {
  const ca = makeCertificate({ names: ['test-ca.example'] })
  const [origin, alice, bob] = ['127.0.0.1', 'alice.example', 'bob.example'].map((name) =>
    makeCertificate({ names: [name], ca, days: 90 }),
  )
  assert.ok(origin && alice && bob)
  const server = createServer({ ...origin, ca: ca.cert, requestCert: true }, (asked, response) => {
    response.end(((asked.socket as TLSSocket).getPeerCertificate() as { subject: { CN: string } }).subject.CN)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const cwd = folder({ 'ca.pem': ca.cert })
  const put = ({ cert, key }: Pick<Certificate, 'cert' | 'key'>): void => {
    for (const [name, text] of [
      ['key.pem', key],
      ['cert.pem', cert],
    ] as const) {
      writeFileSync(join(cwd, `${name}~`), text)
      renameSync(join(cwd, `${name}~`), join(cwd, name))
    }
  }
  put(alice)
  const tls = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' }
  const config = {
    workers: 1,
    listeners: [{ address: '127.0.0.1:0' }],
    admin: { address: `unix:${join(cwd, 'admin.sock')}` },
    upstreams: { orders: { endpoints: [{ url: `https://127.0.0.1:${port}` }], tls } },
    routes: [{ upstream: 'orders' }],
  }
  const file = join(cwd, 'headgate.json')
  writeFileSync(file, JSON.stringify(config))
  const gateway = new TestProcess(process.execPath, [HEADGATE, 'run', '-c', file], { cwd })
  await gateway.print(/ready: version/)
  const [, url] = await gateway.print(/"url":"(http:\/\/127\.0\.0\.1:\d+)"/)
  const seen = async (): Promise<string> => (await fetch(String(url))).text()
  assert.equal(await seen(), 'alice.example')

  put(bob)
  await eventually(async () => (await seen()) === 'bob.example', 'the origin is shown the other certificate')
  assert.match(gateway.stderr, /cert\.pem is in force anew: bob\.example, valid until 20/)

  put({ cert: alice.cert, key: bob.key })
  await gateway.print(
    /cert\.pem cannot be used: its key \S+ does not belong[^]*the one before stays in force: bob/,
  )
  assert.equal(await seen(), 'bob.example')
  const { stdout } = await new TestProcess(process.execPath, [HEADGATE, 'certs', '-c', file], { cwd })
    .finished
  assert.match(
    stdout,
    /^bob\.example +CN=test-ca\.example +89 +ECDSA P-256 +\S+cert\.pem +orders +the file: /m,
  )
  assert.match(await page(join(cwd, 'admin.sock')), /handshakes_total\{upstream="orders",kind="full"\} 2$/m)
  assert.doesNotMatch(stdout + gateway.stderr, /PRIVATE KEY/)
  gateway.child.kill('SIGTERM')
  assert.equal((await gateway.finished).code, 0)
})

async function page(socketPath: string): Promise<string> {
  const asked = request({ socketPath, path: '/metrics' }).end()
  const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return text
}
