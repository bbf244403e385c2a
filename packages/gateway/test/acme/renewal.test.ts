import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { VirtualClock } from '@headgate/core/testing'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { AcmeCertificates } from '../../src/acme/acme-certificates.ts'
import { parseConfig } from '../../src/config/parse.ts'
import type { GatewayConfig } from '../../src/config/schema/schema.ts'
import type { LoadedCertificate } from '../../src/features/tls/certificate.ts'
import { folder } from '../headgate-process.ts'
import { type Reply, ScriptedAuthority } from './scripted-authority.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

function configFor(authority: ScriptedAuthority, names: readonly string[] = ['shop.example']): GatewayConfig {
  const acme = { agreeToTerms: true, directory: authority.directory, ca: authority.ca, names }
  const result = parseConfig({
    listeners: [{ address: '127.0.0.1:0', tls: { acme } }],
    routes: [{ respond: {} }],
  })
  assert.ok(result.ok, JSON.stringify(result))
  return result.config
}

/** The part of a gateway that renews, on its own. */
class Renewer {
  readonly told: { readonly ok: boolean; readonly message: string }[] = []
  readonly renewed: LoadedCertificate[] = []
  readonly all: AcmeCertificates
  private readonly clock: VirtualClock

  constructor(clock: VirtualClock, storage: string) {
    this.clock = clock
    this.all = new AcmeCertificates({
      clock,
      storage,
      publish: async () => {},
      renewed: async (_acme, certificate) => void this.renewed.push(certificate),
      told: (ok, message) => void this.told.push({ ok, message }),
      ordered() {},
    })
  }

  async follow(config: GatewayConfig): Promise<this> {
    await this.all.ready(config)
    this.all.follow(config)
    return this
  }

  get state() {
    const [state] = this.all.states.values()
    assert.ok(state)
    return state
  }

  get failures(): string[] {
    return this.told.filter(({ ok }) => !ok).map(({ message }) => message)
  }

  /** Lets time pass in steps until that is so: what comes over sockets comes between them. */
  async passUntil(step: number, look: () => boolean, what: string): Promise<void> {
    await eventually(async () => {
      if (look()) return true
      await this.clock.advance(step)
      return look()
    }, what)
  }
}

const clockOf = (): VirtualClock => new VirtualClock({ wallTime: Date.parse('2026-03-01T00:00:00Z') })

describe('a certificate', () => {
  it('is renewed at two thirds of its life, and is served on from its storage meanwhile', async () => {
    const clock = clockOf()
    await using authority = await ScriptedAuthority.start(clock)
    const storage = folder()
    const renewer = await new Renewer(clock, storage).follow(configFor(authority))
    await renewer.passUntil(100, () => renewer.renewed.length === 1, 'the first is here')
    const due = (renewer.state.next - clock.wallTime()) / DAY
    assert.ok(due > 58 && due < 62, `renewed in ${due} days`)
    await renewer.all.stop()
    const again = new Renewer(clock, storage)
    const found = await again.all.ready(configFor(authority))
    assert.equal([...found.values()][0]?.facts.fingerprint, renewer.renewed[0]?.facts.fingerprint)
    again.all.follow(configFor(authority))
    await again.passUntil(6 * HOUR, () => again.renewed.length === 1, 'it is renewed')
    assert.equal(authority.orders, 2)
    assert.match(authority.replaces ?? '', /^[\w-]+\.[\w-]+$/)
    assert.equal(again.state.failures, 0)
    await again.all.stop()
  })

  it('is renewed when the authority suggests it', async () => {
    const clock = clockOf()
    await using authority = await ScriptedAuthority.start(clock)
    const at = (days: number): string => new Date(clock.wallTime() + days * DAY).toISOString()
    authority.window = { start: at(10), end: at(11) }
    const renewer = await new Renewer(clock, folder()).follow(configFor(authority))
    await renewer.passUntil(100, () => renewer.renewed.length === 1, 'the first is here')
    const begun = clock.wallTime()
    await renewer.passUntil(3 * HOUR, () => renewer.renewed.length === 2, 'it is renewed')
    const took = (clock.wallTime() - begun) / DAY
    // Time passes while the authority is asked.
    assert.ok(took > 9.5 && took < 40, `renewed after ${took} days`)
    await renewer.all.stop()
  })

  it('stays in force while the authority is down for a week: it is asked with growing pauses, up to a day', async () => {
    const clock = clockOf()
    await using authority = await ScriptedAuthority.start(clock)
    authority.life = 20 * DAY
    const renewer = await new Renewer(clock, folder()).follow(configFor(authority))
    await renewer.passUntil(100, () => renewer.renewed.length === 1, 'the first is here')
    const down = (): Reply => ({ status: 503, body: {} })
    authority.lies = { '/account': down }
    await renewer.passUntil(HOUR, () => renewer.failures.length > 0, 'it has failed')
    const begun = clock.wallTime()
    await renewer.passUntil(HOUR, () => clock.wallTime() > begun + 7 * DAY, 'a week is over')
    assert.ok(
      renewer.failures.length >= 6 && renewer.failures.length <= 14,
      `${renewer.failures.length} tries`,
    )
    assert.match(
      renewer.failures.at(-1) ?? '',
      /the authority refuses \(503\); the one before stays in force, and the next try is at 2026-/,
    )
    assert.ok(renewer.state.next - clock.wallTime() > 2 * HOUR)
    authority.lies = {}
    await renewer.passUntil(HOUR, () => renewer.renewed.length === 2, 'it is renewed')
    await renewer.all.stop()
  })

  it('is not asked for before the authority wants to be asked again, by a gateway that is started again either', async () => {
    const clock = clockOf()
    await using authority = await ScriptedAuthority.start(clock)
    const type = 'urn:ietf:params:acme:error:rateLimited'
    const limited: Reply = {
      status: 429,
      headers: { 'retry-after': String(5 * 3600) },
      body: { type, detail: 'too many' },
    }
    authority.lies = { '/order': () => limited }
    const storage = folder()
    const renewer = await new Renewer(clock, storage).follow(configFor(authority))
    await renewer.passUntil(10, () => renewer.failures.length === 1, 'it has failed')
    assert.match(
      renewer.failures[0] ?? '',
      /refuses \(rateLimited\): too many; one of the local authority stands in for it/,
    )
    await renewer.all.stop()
    const again = await new Renewer(clock, storage).follow(configFor(authority))
    await clock.advance(4.9 * HOUR)
    assert.equal(authority.orders, 1)
    authority.lies = {}
    await again.passUntil(60_000, () => again.renewed.length === 1, 'the certificate is here')
    await again.all.stop()
  })
})

describe('an authority that lies', () => {
  const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
  const LIES: readonly [
    name: string,
    path: string,
    lie: (reply: Reply, authority: ScriptedAuthority) => Reply,
    told: RegExp,
  ][] = [
    [
      'a certificate of another key',
      '/certificate/1',
      (_, authority) => ({ body: authority.sign(otherKey, ['shop.example']) }),
      /certificate of the authority cannot be used: its key does not belong/,
    ],
    [
      'a certificate of another name',
      '/order',
      (reply, authority) => ((authority.names = ['pay.example']), reply),
      /is not for shop\.example/,
    ],
    [
      'no certificate at all',
      '/certificate/1',
      () => ({ body: 'hello' }),
      /hands out something else than a certificate/,
    ],
    [
      'HTML',
      '/directory',
      () => ({ headers: { 'content-type': 'text/html' }, body: '<html>' }),
      /something else than JSON/,
    ],
    [
      'an answer without end',
      '/account',
      () => ({ body: { status: 'x'.repeat(2 ** 21) } }),
      /no certificate for shop\.example/,
    ],
    [
      'a redirect to elsewhere',
      '/directory',
      () => ({ status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: {} }),
      /a redirect \(302\), which is not followed/,
    ],
    [
      'URLs of elsewhere',
      '/directory',
      (reply) => ({ body: { ...(reply.body as object), newOrder: 'https://127.0.0.1:1/order' } }),
      /a URL for newOrder that is not of https:/,
    ],
    [
      'a token that is a path',
      '/authorization/1',
      (reply) => ({ body: JSON.parse(JSON.stringify(reply.body).replace('a-token', '../a')) as object }),
      /malformed token/,
    ],
    [
      'lists in place of objects',
      '/order',
      () => ({ headers: { location: 'https://127.0.0.1:1' }, body: [] }),
      /not of https/,
    ],
    [
      'an account that is no more',
      '/account',
      (reply) => ({ ...reply, body: { status: 'revoked' } }),
      /the account at the authority is revoked/,
    ],
  ]
  for (const [name, path, lie, told] of LIES) {
    it(`gives ${name}: the gateway says so, and tries again`, async () => {
      const clock = clockOf()
      await using authority = await ScriptedAuthority.start(clock)
      authority.lies = { [path]: (reply) => lie(reply, authority) }
      const renewer = await new Renewer(clock, folder()).follow(configFor(authority))
      await renewer.passUntil(100, () => renewer.failures.length === 1, 'it has failed')
      assert.match(renewer.failures[0] ?? '', told)
      assert.equal(renewer.renewed.length, 0)
      authority.lies = {}
      await renewer.passUntil(30_000, () => renewer.renewed.length === 1, 'the certificate is here')
      await renewer.all.stop()
    })
  }

  it('has an order without end: it is given up, and stopping does not wait for it', async () => {
    const clock = clockOf()
    await using authority = await ScriptedAuthority.start(clock)
    authority.lies = { '/order/1': () => ({ body: { status: 'processing' } }) }
    const renewer = await new Renewer(clock, folder()).follow(configFor(authority))
    await renewer.passUntil(5_000, () => renewer.failures.length === 1, 'it is given up')
    assert.match(renewer.failures[0] ?? '', /the order is still processing after 10 minutes/)
    await renewer.passUntil(5_000, () => authority.orders === 2, 'it is tried again')
    await renewer.all.stop()
    assert.equal(renewer.failures.length, 1)
  })
})

describe('the storage', () => {
  it('that cannot be written to has nothing ordered, and is told', async () => {
    const clock = clockOf()
    await using authority = await ScriptedAuthority.start(clock)
    const place = folder({ file: '' })
    const renewer = await new Renewer(clock, join(place, 'file')).follow(configFor(authority))
    await renewer.passUntil(100, () => renewer.failures.length === 1, 'it has failed')
    assert.match(renewer.failures[0] ?? '', /ENOTDIR|EEXIST/)
    assert.equal(authority.orders, 0)
    rmSync(join(place, 'file'))
    await renewer.passUntil(10_000, () => renewer.renewed.length === 1, 'the certificate is here')
    await renewer.all.stop()
  })

  it('that fails when the certificate is here: it is served, and stored later', async () => {
    const clock = clockOf()
    await using authority = await ScriptedAuthority.start(clock)
    const storage = folder()
    authority.lies = {
      '/certificate/1': (reply) => {
        // A file in the place of the folder.
        rmSync(join(storage, 'acme'), { recursive: true })
        writeFileSync(join(storage, 'acme'), '')
        return reply
      },
    }
    const renewer = await new Renewer(clock, storage).follow(configFor(authority))
    await renewer.passUntil(100, () => renewer.failures.length > 0, 'it is told')
    assert.equal(renewer.renewed.length, 1)
    rmSync(join(storage, 'acme'))
    const isStored = (): boolean =>
      readdirSync(storage).includes('acme') &&
      readdirSync(join(storage, 'acme')).some((name) => name.endsWith('.pem'))
    await renewer.passUntil(60_000, isStored, 'it is stored')
    assert.equal(authority.orders, 1)
    await renewer.all.stop()
  })

  it('that two gateways share has them order once, and both serve what came', async () => {
    const clock = clockOf()
    await using authority = await ScriptedAuthority.start(clock)
    const storage = folder()
    const one = await new Renewer(clock, storage).follow(configFor(authority))
    const other = await new Renewer(clock, storage).follow(configFor(authority))
    await one.passUntil(5_000, () => one.renewed.length === 1 && other.renewed.length === 1, 'both have it')
    assert.equal(authority.orders, 1)
    assert.equal(one.renewed[0]?.facts.fingerprint, other.renewed[0]?.facts.fingerprint)
    await one.passUntil(
      6 * HOUR,
      () => one.renewed.length === 2 && other.renewed.length === 2,
      'both have the next',
    )
    assert.equal(authority.orders, 2)
    await Promise.all([one.all.stop(), other.all.stop()])
  })

  it('keeps the certificate for the names that stay while one for more names is on its way', async () => {
    const clock = clockOf()
    await using authority = await ScriptedAuthority.start(clock)
    const renewer = await new Renewer(clock, folder()).follow(configFor(authority))
    await renewer.passUntil(100, () => renewer.renewed.length === 1, 'the first is here')
    const wider = configFor(authority, ['shop.example', 'pay.example'])
    const found = [...(await renewer.all.ready(wider)).values()]
    assert.deepEqual(found[0]?.facts.names, ['shop.example'])
    renewer.all.follow(wider)
    await renewer.passUntil(100, () => renewer.renewed.length === 2, 'the wider one is here')
    assert.deepEqual(renewer.renewed[1]?.facts.names, ['shop.example', 'pay.example'])
    await renewer.all.stop()
  })
})
