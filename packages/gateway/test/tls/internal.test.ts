import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { connect } from 'node:tls'
import { VirtualClock } from '@headgate/core/testing'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { LocalAuthority } from '../../src/authority/local-authority.ts'
import { parseConfig } from '../../src/config/parse.ts'
import type { GatewayConfig } from '../../src/config/schema/schema.ts'
import type { LoadedCertificate } from '../../src/features/tls/certificate.ts'
import { concernsOf } from '../../src/features/tls/concerns.ts'
import type { CertificateChange } from '../../src/features/tls/watch.ts'
import { ManagedCertificates } from '../../src/workers/managed-certificates.ts'
import { headgate } from '../headgate-command.ts'
import { folder, HEADGATE, TestProcess } from '../headgate-process.ts'

const DAY = 24 * 60 * 60 * 1000
const NOW = Date.parse('2026-03-01T00:00:00Z')

function configOf(input: object): GatewayConfig {
  const result = parseConfig(input)
  assert.ok(result.ok, JSON.stringify(result))
  return result.config
}

const INTERNAL = configOf({
  listeners: [{ address: '127.0.0.1:0', tls: 'internal' }],
  routes: [{ match: { host: ['shop.example', '*.shop.example'] }, respond: {} }],
})

/** Collects what managed certificates have put in force. */
function owner(): {
  readonly replaced: LoadedCertificate[]
  readonly changes: CertificateChange[]
  replaceCertificates(renewed: ReadonlyMap<string, LoadedCertificate>): Promise<void>
  certificateChanged(change: CertificateChange): void
  useChallenges(): Promise<void>
  ordered(): void
} {
  const replaced: LoadedCertificate[] = []
  const changes: CertificateChange[] = []
  return {
    replaced,
    changes,
    async replaceCertificates(renewed) {
      replaced.push(...renewed.values())
    },
    certificateChanged: (change) => void changes.push(change),
    async useChallenges() {},
    ordered() {},
  }
}

/** What a client that trusts this authority alone is told of a name: undefined where it trusts what it was served. */
function distrust(port: number, servername: string, ca: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', servername, ca })
    socket.on('error', (error) => resolve(error.message))
    socket.on('secureConnect', () => {
      resolve(undefined)
      socket.destroy()
    })
  })
}

describe('the local authority', () => {
  it('is made once for a folder, and what it signs is good for its names and a week', () => {
    const storage = folder()
    const authority = LocalAuthority.open(storage, NOW)
    assert.equal(LocalAuthority.open(storage, NOW + 300 * DAY).certificate, authority.certificate)
    const { facts, chain } = authority.issue(['localhost', '127.0.0.1', '::1', '*.shop.example'], NOW)
    assert.deepEqual(facts.names, ['localhost', '127.0.0.1', '::1', '*.shop.example'])
    assert.equal(facts.notAfter, NOW + 7 * DAY)
    assert.equal(facts.chain, undefined)
    const own = new X509Certificate(Buffer.from(chain))
    const root = new X509Certificate(authority.certificate)
    assert.ok(root.ca && !own.ca && own.checkIssued(root) && own.verify(root.publicKey))
    assert.deepEqual(concernsOf(facts, NOW), [])
    assert.match(concernsOf(facts, NOW + 6 * DAY)[0]?.problem ?? '', /expires in 1 day/)
  })

  it('is in a folder and in files that nobody else can read, and what is handed out holds no key', () => {
    const storage = folder()
    const { path = '', certificate } = LocalAuthority.open(storage, NOW)
    const own = join(storage, 'authority')
    assert.equal(statSync(own).mode & 0o777, 0o700)
    assert.deepEqual(readdirSync(own).sort(), ['authority.pem', 'root.pem'])
    for (const name of readdirSync(own)) assert.equal(statSync(join(own, name)).mode & 0o777, 0o600)
    assert.equal(readFileSync(path, 'utf8'), `${certificate}\n`)
  })

  it('is another one before the end of its life, and where its file is broken nothing is signed', () => {
    const storage = folder()
    const first = LocalAuthority.open(storage, NOW)
    const second = LocalAuthority.open(storage, NOW + 3640 * DAY)
    assert.notEqual(second.certificate, first.certificate)
    assert.equal(readFileSync(second.path ?? '', 'utf8'), `${second.certificate}\n`)
    writeFileSync(join(storage, 'authority', 'authority.pem'), first.certificate)
    assert.throws(() => LocalAuthority.open(storage, NOW))
  })
})

describe('tls: internal', () => {
  it('is renewed at two thirds of its life, while the gateway runs', async () => {
    const clock = new VirtualClock({ wallTime: NOW })
    const told = owner()
    const managed = new ManagedCertificates(told, clock, folder())
    const certificates = await managed.ready(INTERNAL)
    managed.follow(INTERNAL, certificates)
    const [first] = certificates.values()
    assert.deepEqual(first?.facts.names, ['localhost', '127.0.0.1', '::1', 'shop.example', '*.shop.example'])
    assert.match(told.changes[0]?.message ?? '', /the authority is \S+root\.pem; "headgate certs trust"/)
    await clock.advance(4.6 * DAY)
    assert.equal(told.replaced.length, 0)
    assert.equal([...(await managed.ready(INTERNAL)).values()][0], first, 'a reload keeps it')
    await clock.advance(0.1 * DAY)
    await eventually(() => told.replaced.length === 1, 'it is renewed')
    assert.ok((told.replaced[0]?.facts.notAfter ?? 0) > NOW + 11 * DAY)
    void managed.stop()
  })

  it('serves with an authority in memory where its folder cannot be used, and says so', async () => {
    const place = join(folder({ file: '' }), 'file')
    const told = owner()
    const managed = new ManagedCertificates(told, new VirtualClock({ wallTime: NOW }), place)
    const certificates = await managed.ready(INTERNAL)
    managed.follow(INTERNAL, certificates)
    assert.equal(certificates.size, 1)
    assert.match(told.changes[0]?.message ?? '', /cannot be kept in \S+file: .*(?:ENOTDIR|EEXIST)/)
    assert.equal(told.changes[0]?.applied, false)
    void managed.stop()
  })

  it('loads nothing where no listener has it', async () => {
    const config = configOf({ routes: [{ respond: {} }] })
    const storage = folder()
    const managed = new ManagedCertificates(owner(), new VirtualClock({ wallTime: NOW }), storage)
    assert.equal((await managed.ready(config)).size, 0)
    assert.deepEqual(readdirSync(storage), [])
  })

  it('is trusted by who trusts its authority, for the names of the machine and the hosts of routes, of a reload too', async () => {
    const cwd = folder()
    const config = {
      workers: 2,
      listeners: [{ address: '127.0.0.1:0', tls: 'internal' }],
      admin: { address: `unix:${join(cwd, 'admin.sock')}` },
      tls: { storage: 'keys' },
      routes: [{ match: { host: ['shop.example'] }, respond: {} }],
    }
    const file = join(cwd, 'headgate.json')
    writeFileSync(file, JSON.stringify(config))
    const told = await headgate(['certs', 'trust'], { cwd })
    const root = join(cwd, 'keys/authority/root.pem')
    assert.equal(told.code, 0, told.stderr)
    assert.ok(told.stdout.includes(`curl --cacert ${root} `) && existsSync(root), told.stdout)
    const gateway = new TestProcess(process.execPath, [HEADGATE, 'run', '-c', file], { cwd })
    await gateway.print(/ready: version/)
    const [, found] = await gateway.print(/"url":"https:\/\/127\.0\.0\.1:(\d+)"/)
    const port = Number(found)
    const ca = readFileSync(root, 'utf8')
    for (const name of ['localhost', 'shop.example']) assert.equal(await distrust(port, name, ca), undefined)
    assert.match((await distrust(port, 'pay.example', ca)) ?? '', /altnames/)
    const routes = [{ match: { host: ['pay.example'] }, respond: {} }]
    writeFileSync(file, JSON.stringify({ ...config, routes }))
    await gateway.print(/version 2 is in force/)
    assert.equal(await distrust(port, 'pay.example', ca), undefined)
    assert.match(
      gateway.stderr,
      /tls: internal serves localhost, 127\.0\.0\.1, ::1, shop\.example, for development/,
    )
    const listed = await headgate(['certs', '-c', file], { cwd })
    assert.match(
      listed.stdout,
      /localhost, 127\.0\.0\.1, ::1 and 1 more +CN=Headgate development .* 6 +ECDSA P-256 +internal/,
    )
    gateway.child.kill('SIGTERM')
    assert.equal((await gateway.finished).code, 0)
  })
})
