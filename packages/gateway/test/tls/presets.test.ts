import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { makeCertificate } from '../../../core/test/certificates.ts'
import type { ListenerInput, ListenerTlsInput } from '../../src/config/input/input.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { certificateWarnings } from '../../src/features/tls/warnings.ts'
import { startGateway } from '../survival/start-gateway.ts'
import { openssl } from './peers.ts'

const TLS13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']
const TLS12 = ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305'].flatMap((suite) => [
  `ECDHE-ECDSA-${suite}`,
  `ECDHE-RSA-${suite}`,
])

type Choices = Omit<ListenerTlsInput, 'certificates'>

const own = ['TLS_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-AES256-GCM-SHA384', 'AES128-GCM-SHA256'] as const

/** What listeners are told, and what openssl clients are to find, and no more. */
const promised: readonly [
  what: string,
  choices: Choices,
  suites: Readonly<Record<string, readonly string[]>>,
][] = [
  ['the preset modern', { preset: 'modern' }, { '-tls1_3': TLS13 }],
  ['the preset intermediate', { preset: 'intermediate' }, { '-tls1_2': TLS12, '-tls1_3': TLS13 }],
  ['a list of both versions', { suites: [...own] }, { '-tls1_2': own.slice(1), '-tls1_3': own.slice(0, 1) }],
  [
    'a list for TLS 1.3 alone',
    { preset: 'modern', suites: ['TLS_AES_256_GCM_SHA384'] },
    { '-tls1_3': ['TLS_AES_256_GCM_SHA384'] },
  ],
  [
    'a list for TLS 1.2 alone',
    { maxVersion: 'TLSv1.2', suites: ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-SHA'] },
    { '-tls1_2': ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-SHA'] },
  ],
]

/** All that the openssl of this machine can speak in that version. */
function suitesOf(version: string): string[] {
  const words = ['ciphers', '-s', version, 'ALL:COMPLEMENTOFALL:@SECLEVEL=0']
  return execFileSync('openssl', words, { encoding: 'utf8' }).trim().split(':')
}

const KINDS = ['ecdsa', 'rsa'] as const
const certificates = KINDS.map((key) => makeCertificate({ names: ['shop.example'], key }))
const routes = [{ respond: {} }]

const listening = (choices: Choices): ListenerInput[] => [
  { address: '127.0.0.1:0', tls: { certificates, ...choices } },
]

for (const [what, choices, suites] of promised) {
  test(`${what} has exactly the versions and suites that it promises`, async (t) => {
    const { port } = await startGateway(t, { listeners: listening(choices), routes })
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
      assert.deepEqual(taken.sort(), [...(suites[version] ?? [])].sort(), version)
    }
  })
}

/** Groups that clients may offer, ours and others. */
const OFFERED = ['X25519', 'X448', 'P-256', 'P-384', 'P-521', 'ffdhe2048', 'secp256k1', 'brainpoolP256r1']
const HYBRIDS = ['X25519MLKEM768', 'SecP256r1MLKEM768', 'SecP384r1MLKEM1024']

/** Of those of OpenSSL's that are safe from quantum computers of later, which the one of the system may not have, what Node agrees on. */
async function hybridsAt(port: number): Promise<string[]> {
  const found = await Promise.all(
    HYBRIDS.map(
      (ecdhCurve) =>
        new Promise<string[]>((resolve) => {
          const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ecdhCurve }, () => {
            socket.destroy()
            resolve([ecdhCurve])
          })
          socket.on('error', () => resolve([]))
        }),
    ),
  )
  return found.flat()
}

const agreed: readonly [what: string, choices: Choices, groups: string[], hybrids: string[]][] = [
  ['presets', {}, ['X25519', 'P-256', 'P-384'], ['X25519MLKEM768']],
  ['a list', { groups: ['P-521', 'SecP256r1MLKEM768', 'X448'] }, ['X448', 'P-521'], ['SecP256r1MLKEM768']],
]

for (const [what, choices, groups, hybrids] of agreed) {
  test(`keys are agreed on over exactly the groups of ${what}`, async (t) => {
    const { port } = await startGateway(t, { listeners: listening(choices), routes })
    const taken: string[] = []
    for (const group of OFFERED) {
      // Over either version. The certificate for ECDSA is of a group, too, and that for RSA of none.
      const words = ['-groups', group, '-sigalgs', 'RSA-PSS+SHA256', '-servername', 'shop.example']
      if (/Cipher is (TLS_|ECDHE-)/.test(await openssl(port, ...words))) taken.push(group)
    }
    assert.deepEqual(taken, groups)
    assert.deepEqual(await hybridsAt(port), hybrids)
  })
}

test('minVersion and maxVersion refuse what is older, and newer', async (t) => {
  const [old, young] = await Promise.all(
    [{ maxVersion: 'TLSv1.2' } as const, { minVersion: 'TLSv1.3' } as const].map((choices) =>
      startGateway(t, { listeners: listening(choices), routes }),
    ),
  )
  assert.ok(old && young)
  assert.match(await openssl(old.port), /New, TLSv1\.2/)
  assert.match(await openssl(old.port, '-tls1_3'), /protocol version/)
  assert.match(await openssl(young.port), /New, TLSv1\.3/)
  assert.match(await openssl(young.port, '-tls1_2'), /protocol version/)
})

test('handshakes are signed with what signatureAlgorithms says alone', async (t) => {
  const listeners = listening({ signatureAlgorithms: ['rsa_pss_rsae_sha512'] })
  const { port } = await startGateway(t, { listeners, routes })
  assert.match(await openssl(port), /Peer signing digest: SHA512[^]*RSA-PSS/)
  assert.match(await openssl(port, '-sigalgs', 'RSA-PSS+SHA256:ECDSA+SHA256'), /handshake failure/)
})

const mistakes: readonly [tls: object, message: RegExp][] = [
  [
    { suites: ['ECDHE-RSA-AES128-GCM-SHA25'] },
    /suites\[0\].*one of the choices.*ECDHE-RSA-AES128-GCM-SHA256/s,
  ],
  [{ suites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'] }, /did you mean.*ECDHE-RSA-AES128-GCM-SHA256/is],
  [{ suites: ['TLS_AES_128_GCM_SHA256', 'DES-CBC3-SHA'] }, /suites\[1\].*not safe/s],
  [{ suites: ['DHE-RSA-AES128-GCM-SHA256'] }, /not safe/],
  [{ suites: ['HIGH:!aNULL'] }, /not safe|one of the choices/],
  [{ suites: ['TLS_AES_128_GCM_SHA256'] }, /no suite for TLSv1\.2.*minVersion: TLSv1\.3/s],
  [{ suites: [TLS12[0]] }, /no suite for TLSv1\.3.*maxVersion: TLSv1\.2/s],
  [{ preset: 'modern', suites: [TLS13[0], TLS12[0]] }, /suites\[1\].*without effect/s],
  [{ groups: ['prime256v1'] }, /groups\[0\].*P-256/s],
  [{ groups: ['P-255'] }, /P-256/],
  [{ signatureAlgorithms: ['rsa_pkcs1_sha1'] }, /signatureAlgorithms\[0\]/],
  [{ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }, /maxVersion.*leaves no version.*minVersion/s],
  [{ preset: 'modern', maxVersion: 'TLSv1.2' }, /maxVersion.*preset modern/s],
  [{ minVersion: 'TLSv1.1' }, /minVersion.*TLSv1\.2 or TLSv1\.3/s],
  [{ suites: [] }, /suites/],
]

test('what is wrong in choices of one’s own is told with its place, and what was meant', () => {
  for (const [tls, message] of mistakes) {
    const result = parseConfig({ listeners: [{ tls: { cert: 'a', key: 'b', ...tls } }], routes })
    const told = result.ok ? '' : result.problems.map((each) => JSON.stringify(each)).join('\n')
    assert.match(told, message, JSON.stringify(tls))
  }
})

test('suites that serve old clients alone are warned of', () => {
  const result = parseConfig({ listeners: listening({ suites: [...own] }), routes })
  assert.ok(result.ok)
  const { config } = result
  assert.deepEqual(
    certificateWarnings(config, Date.now())
      .filter(({ path }) => path.includes('suites'))
      .map(({ path, problem }) => [path, problem]),
    [
      [
        ['listeners', 0, 'tls', 'suites', 2],
        'the suite AES128-GCM-SHA256 has no forward secrecy: who gets the key of the certificate reads all of before',
      ],
    ],
  )
})
