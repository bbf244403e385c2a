import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { join } from 'node:path'
import { before, test, type TestContext } from 'node:test'
import { type Certificate, makeCertificate } from '../../../core/test/certificates.ts'
import { loadConfig } from '../../src/config/load.ts'
import { formatProblems } from '../../src/settings/problems/format.ts'
import { loadCertificate } from '../../src/features/tls/certificate.ts'
import { startGateway } from '../survival/start-gateway.ts'
import { folderWith, openssl, servedTo } from './peers.ts'

const SECRET = 'open sesame 4711'
let ecdsa: Certificate
let rsa: Certificate
let root: Certificate
let middle: Certificate
let leaf: Certificate

before(() => {
  ecdsa = makeCertificate({ names: ['ecdsa.example'] })
  rsa = makeCertificate({ names: ['rsa.example'], key: 'rsa' })
  const issuers = 'authorityInfoAccess=caIssuers;URI:http://ca.example/ca.der'
  root = makeCertificate({ names: ['root.example'] })
  middle = makeCertificate({ names: ['middle.example'], ca: root, extensions: issuers })
  leaf = makeCertificate({ names: ['leaf.example'], ca: middle, extensions: issuers })
})

/** The keys of a certificate in the forms that tools write them in. */
function keyForms(): [form: string, cert: string, key: string, passphrase?: string][] {
  const [ec, plain] = [createPrivateKey(ecdsa.key), createPrivateKey(rsa.key)]
  const closed = { cipher: 'aes-256-cbc', passphrase: SECRET }
  const text = (pem: string | Buffer): string => pem.toString()
  return [
    ['PKCS#8', ecdsa.cert, text(ec.export({ type: 'pkcs8', format: 'pem' }))],
    ['SEC1', ecdsa.cert, text(ec.export({ type: 'sec1', format: 'pem' }))],
    ['PKCS#1', rsa.cert, text(plain.export({ type: 'pkcs1', format: 'pem' }))],
    ['PKCS#8, encrypted', ecdsa.cert, text(ec.export({ type: 'pkcs8', format: 'pem', ...closed })), SECRET],
    ['PKCS#1, encrypted', rsa.cert, text(plain.export({ type: 'pkcs1', format: 'pem', ...closed })), SECRET],
  ]
}

test('keys of all forms are served, from files and inline, encrypted ones with their passphrase', async (t) => {
  for (const [form, cert, key, passphrase] of keyForms()) {
    const folder = folderWith(t, { 'cert.pem': cert, 'key.pem': key })
    const inFiles = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
    for (const written of [inFiles, { cert, key }]) {
      const { port } = await startGateway(t, {
        listeners: [{ address: '127.0.0.1:0', tls: { ...written, ...(passphrase && { passphrase }) } }],
        routes: [{ respond: {} }],
      })
      const said = await openssl(port)
      assert.match(servedTo(said) ?? '', /^(ecdsa|rsa)\.example$/, `${form}: ${said}`)
    }
  }
})

/** What `headgate check` says of a listener with these files: mistakes, else warnings. */
async function checked(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  tls: string,
): Promise<string> {
  const folder = folderWith(t, {
    ...files,
    'headgate.yaml': `listeners: [{ address: ':8443', tls: ${tls} }]\nroutes: [{ respond: {} }]\n`,
  })
  const result = await loadConfig(join(folder, 'headgate.yaml'))
  const problems = result.ok ? result.warnings() : result.problems
  return formatProblems(problems, { color: false })
}

const PAIR = '{ cert: cert.pem, key: key.pem }'

test('what keeps a certificate from being served is told with its place and a remedy', async (t) => {
  const [, , , [, closedCert, closedKey] = ['', '', '']] = keyForms()
  const of = ({ cert, key }: Certificate): Record<string, string> => ({ 'cert.pem': cert, 'key.pem': key })
  const weak = makeCertificate({ names: ['weak.example'], key: 'weak' })
  const sha1 = makeCertificate({ names: ['sha1.example'], ca: root, hash: 'sha1' })
  const cases: [files: Record<string, string>, tls: string, told: RegExp][] = [
    [
      { 'cert.pem': ecdsa.cert, 'key.pem': rsa.key },
      PAIR,
      /1:\d+ .*key[^]*does not belong to the certificate/,
    ],
    [{ 'cert.pem': ecdsa.key, 'key.pem': ecdsa.cert }, PAIR, /are cert and key exchanged\?/],
    [
      { 'cert.pem': middle.cert + leaf.cert, 'key.pem': leaf.key },
      PAIR,
      /wrong order[^]*own certificate first/,
    ],
    [of(weak), PAIR, /RSA of 1024 bits[^]*ECDSA P-256/],
    [of(sha1), PAIR, /signed with SHA-1[^]*SHA-256/],
    [{ 'cert.pem': closedCert, 'key.pem': closedKey }, PAIR, /is encrypted[^]*passphrase: \$\{NAME\}/],
    [
      { 'cert.pem': closedCert, 'key.pem': closedKey },
      `{ cert: cert.pem, key: key.pem, passphrase: wrong-one }`,
      /does not open the key/,
    ],
    [
      of(ecdsa),
      `{ certificates: [{ cert: cert.pem, key: gone.pem }] }`,
      /certificates\[0\]\.key[^]*no such file/,
    ],
    [of(ecdsa), '{ minVersion: TLSv1.3 }', /names no certificate[^]*cert and key, certificates/],
    [of(ecdsa), '{ cert: cert.pem }', /has no key beside it/],
  ]
  for (const [files, tls, told] of cases) {
    const said = await checked(t, files, tls)
    assert.match(said, told)
    assert.doesNotMatch(said, /PRIVATE KEY-----\n|wrong-one/)
  }
})

test('what is wrong with a chain is known, and a whole one has nothing wrong', () => {
  const chainOf = (...parts: readonly Certificate[]): string | undefined =>
    loadCertificate({ cert: parts.map(({ cert }) => cert).join(''), key: leaf.key }).facts.chain?.problem
  assert.equal(chainOf(leaf, middle, root), undefined)
  assert.match(chainOf(leaf) ?? '', /incomplete: CN=middle\.example/)
  assert.match(chainOf(leaf, root, middle) ?? '', /wrong order: certificate 1 was signed by certificate 3/)
  assert.match(chainOf(leaf, ecdsa) ?? '', /certificate 2 did not sign certificate 1/)
})

test('headgate check warns of what clients would refuse today or soon', async (t) => {
  const of = ({ cert, key }: Certificate): Record<string, string> => ({ 'cert.pem': cert, 'key.pem': key })
  const cases: [certificate: Certificate, told: RegExp | undefined][] = [
    [makeCertificate({ names: ['a.example'], days: 100 }), undefined],
    [
      makeCertificate({ names: ['a.example'], days: 20 }),
      /certificate for a\.example expires in (19|20) days, on 20/,
    ],
    [makeCertificate({ names: ['a.example'], days: -1 }), /has expired on 20[^]*renewed/],
    [{ ...leaf, cert: leaf.cert }, /chain is incomplete: CN=middle\.example[^]*append/],
  ]
  for (const [certificate, told] of cases) {
    const said = await checked(t, of(certificate), PAIR)
    if (told === undefined) assert.equal(said, '')
    else assert.match(said, told)
  }
})

test('headgate check names the hosts of routes that no certificate covers', async (t) => {
  const { cert, key } = makeCertificate({ names: ['shop.example', '*.shop.example'], days: 100 })
  const folder = folderWith(t, {
    'cert.pem': cert,
    'key.pem': key,
    'headgate.yaml': `listeners: [{ address: ':8443', tls: ${PAIR} }]
routes:
  - { name: covered, match: { host: [shop.example, a.shop.example, '*.shop.example'] }, respond: {} }
  - { name: not, match: { host: [a.b.shop.example, other.example] }, respond: {} }
`,
  })
  const result = await loadConfig(join(folder, 'headgate.yaml'))
  assert.ok(result.ok)
  assert.deepEqual(
    result.warnings().map(({ line, message }) => [line, /covers (\S+),/.exec(message)?.[1]]),
    [
      [4, 'a.b.shop.example'],
      [4, 'other.example'],
    ],
  )
})
