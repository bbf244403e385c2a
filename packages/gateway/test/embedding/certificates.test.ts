import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { type Certificate, makeCertificate } from '../../../core/test/certificates.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { createGateway } from '../../src/index.ts'

async function servedName(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return String(subject.CN)
}

test('a gateway in a program takes certificates anew when their files change, and tells of those it cannot use', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-embedded-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const files = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') }
  const put = (made: Certificate): void => {
    for (const part of ['cert', 'key'] as const) {
      writeFileSync(join(folder, 'new'), made[part])
      renameSync(join(folder, 'new'), files[part])
    }
  }
  const told: string[] = []
  const hear = (warning: Error): void =>
    void (warning.name === 'HeadgateWarning' && told.push(warning.message))
  process.on('warning', hear)
  t.after(() => process.off('warning', hear))
  put(makeCertificate({ names: ['first.example'], days: 90 }))
  await using gateway = await createGateway({
    listeners: [{ address: '127.0.0.1:0', tls: files }],
    routes: [{ name: 'shop', match: { host: 'second.example' }, respond: {} }],
  })
  const [listener] = await gateway.listen()
  const port = listener?.port ?? 0
  assert.equal(await servedName(port), 'first.example')
  await eventually(() => told.length > 0, 'the host without a certificate is told of')
  assert.match(told[0] ?? '', /^tls: no certificate covers second\.example, which the route "shop" is for/)

  put(makeCertificate({ names: ['second.example'], days: 90 }))
  await eventually(async () => (await servedName(port)) === 'second.example', 'the new certificate is served')

  writeFileSync(files.cert, 'nothing')
  await eventually(() => told.length > 1, 'the broken file is told of')
  assert.match(
    told[1] ?? '',
    /tls\.crt cannot be used: it is not PEM; the one before stays in force: second\.example/,
  )
  assert.equal(await servedName(port), 'second.example')
  assert.equal(told.length, 2)
})
