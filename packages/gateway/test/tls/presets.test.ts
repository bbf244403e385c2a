import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { makeCertificate } from '../../../core/test/certificates.ts'
import { startGateway } from '../survival/start-gateway.ts'
import { openssl } from './peers.ts'

const TLS13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']
const TLS12 = ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305'].flatMap((suite) => [
  `ECDHE-ECDSA-${suite}`,
  `ECDHE-RSA-${suite}`,
])

const promised = {
  modern: { '-tls1_2': [], '-tls1_3': TLS13 },
  intermediate: { '-tls1_2': TLS12, '-tls1_3': TLS13 },
}

/** All that the openssl of this machine can speak in that version. */
function suitesOf(version: string): string[] {
  const words = ['ciphers', '-s', version, 'ALL:COMPLEMENTOFALL:@SECLEVEL=0']
  return execFileSync('openssl', words, { encoding: 'utf8' }).trim().split(':')
}

const KINDS = ['ecdsa', 'rsa'] as const
const certificates = KINDS.map((key) => makeCertificate({ names: ['shop.example'], key }))

for (const preset of ['modern', 'intermediate'] as const) {
  test(`the preset ${preset} has exactly the versions and suites that it promises`, async (t) => {
    const { port } = await startGateway(t, {
      listeners: [{ address: '127.0.0.1:0', tls: { certificates, preset } }],
      routes: [{ respond: {} }],
    })
    for (const version of ['-tls1', '-tls1_1', '-tls1_2', '-tls1_3'] as const) {
      const is13 = version === '-tls1_3'
      const left = new Set(suitesOf(version))
      const taken: string[] = []
      // Each handshake tells one that both sides have; without those, the next tells another.
      while (left.size > 0) {
        const list = [...left].join(':')
        const words = is13 ? ['-ciphersuites', list] : ['-cipher', `${list}:@SECLEVEL=0`]
        const said = await openssl(port, version, ...words, '-servername', 'shop.example')
        const suite = /Cipher is ([A-Z0-9_-]+)/.exec(said)?.[1]
        if (suite === undefined || !left.delete(suite)) break
        taken.push(suite)
      }
      const wanted: readonly string[] =
        version in promised[preset] ? promised[preset][version as '-tls1_3'] : []
      assert.deepEqual(taken.sort(), [...wanted].sort(), version)
    }
  })
}

test('minVersion: TLSv1.3 refuses TLS 1.2', async (t) => {
  const [certificate] = certificates
  assert.ok(certificate)
  const { port } = await startGateway(t, {
    listeners: [{ address: '127.0.0.1:0', tls: { ...certificate, minVersion: 'TLSv1.3' } }],
    routes: [{ respond: {} }],
  })
  assert.match(await openssl(port, '-tls1_2'), /protocol version/)
  assert.match(await openssl(port, '-tls1_3'), /Cipher is TLS_/)
})
