import { X509Certificate } from 'node:crypto'
import type { Clock, Timer } from '@headgate/core'
import { makeRequest, renewalName } from '../authority/x509.ts'
import type { AcmeConfig } from '../features/tls/acme-setting.ts'
import type { LoadedCertificate } from '../features/tls/certificate.ts'
import type { RenewalState } from '../features/tls/renewals.ts'
import { acceptedCertificate, newKey } from './accepted.ts'
import { AcmeAccount } from './account.ts'
import { AcmeError, isFields } from './acme-error.ts'
import { KeptCertificate, NO_TRIES, type Tries } from './kept-certificate.ts'
import { nameOfFile, orderCertificate } from './order.ts'
import type { ChallengeType } from './proof.ts'
import type { Prover } from './prover.ts'
import { backOff, renewalTime, type RenewalWindow, windowOf, windowPause } from './renewal-time.ts'
import type { AcmeSession } from './session.ts'
import { type CertificateStore, LOCK_LIFE } from './store.ts'

/** What a certificate is got and renewed with. */
export interface RenewalOptions {
  readonly acme: AcmeConfig
  readonly names: readonly string[]
  readonly store: CertificateStore
  readonly session: AcmeSession
  readonly prover: Prover
  readonly clock: Clock
  /** Whether a listener without TLS could answer. */
  readonly hasClear: () => boolean
  /** Puts it in force. */
  readonly renewed: (certificate: LoadedCertificate) => Promise<void>
  /** Told what came of a try. */
  readonly told: (ok: boolean, message: string) => void
  /** An order has ended, with a certificate or without. */
  readonly ordered: (ok: boolean) => void
}

/** Where another process has the lock, or the disk took nothing. Milliseconds until the next look. */
const LOOK_AGAIN = 60_000
/** The longest that a timer is armed for, so that a clock that is set, and what other processes store, is noticed. Milliseconds. */
const LONGEST_WAIT = 6 * 3_600_000

/** Gets one certificate and renews it, whatever happens: each failure is told, and followed by another try. */
export class Renewal {
  readonly options: RenewalOptions
  /** In force, or to be; undefined: none is here yet. */
  certificate: LoadedCertificate | undefined
  tries: Tries = NO_TRIES
  private readonly kept: KeptCertificate
  private readonly file: string
  private readonly timer: Timer
  private readonly ending = new AbortController()
  private window: RenewalWindow | undefined
  private windowUntil = 0
  private isUnsaved = false
  private running: Promise<void> | undefined

  constructor(options: RenewalOptions) {
    const { acme, names, store, clock } = options
    this.options = options
    this.file = nameOfFile(acme.directory, names, acme.key)
    this.kept = new KeptCertificate(store, this.file, names, acme.directory)
    this.timer = clock.timer(() => this.look())
  }

  /** Reads what is stored. */
  async load(): Promise<void> {
    try {
      this.certificate = await this.kept.read()
      this.tries = await this.kept.readTries()
    } catch {
      // The first try says what is wrong with the folder.
    }
  }

  get state(): RenewalState {
    const { names, acme } = this.options
    const { failures, reason } = this.tries
    return { names, directory: acme.directory, next: this.next, failures, reason }
  }

  /** When it is tried next. Milliseconds since 1970-01-01 UTC. */
  private get next(): number {
    return Math.max(this.due(), this.tries.next)
  }

  start(): void {
    this.timer.arm(0)
  }

  /** Somebody may have mended what was wrong: tries at once, unless the authority has asked for patience or it was a moment ago. */
  hurry(): void {
    const { failures, next } = this.tries
    const waited = backOff(Math.max(1, failures), undefined, 0)
    const began = next - waited
    if (failures === 0 || began + LOOK_AGAIN > this.options.clock.wallTime()) return
    this.tries = { ...this.tries, next: 0 }
    this.timer.arm(0)
  }

  async stop(): Promise<void> {
    this.timer.disarm()
    this.ending.abort(new AcmeError('the gateway stops'))
    await this.running
  }

  private look(): void {
    this.running ??= this.act().finally(() => {
      this.running = undefined
    })
  }

  private async act(): Promise<void> {
    const { clock } = this.options
    let wait = LOOK_AGAIN
    try {
      await this.takeStored()
      if (this.isUnsaved) await this.save()
      await this.askWindow()
      if (clock.wallTime() >= this.next) await this.locked()
      wait = this.next - clock.wallTime()
    } catch (error) {
      if (this.ending.signal.aborted) return
      await this.failed(error)
      wait = Math.max(LOOK_AGAIN, this.tries.next - clock.wallTime())
    }
    if (!this.ending.signal.aborted) this.timer.arm(Math.min(LONGEST_WAIT, Math.max(LOOK_AGAIN, wait)))
  }

  private due(): number {
    const { certificate } = this
    if (certificate === undefined) return 0
    // The same for all who share it: the lock says who goes.
    const chance = Number.parseInt(certificate.facts.fingerprint.slice(0, 8), 16) / 2 ** 32
    return renewalTime(certificate.facts, this.window, chance)
  }

  /** Another process may have renewed it. */
  private async takeStored(): Promise<void> {
    const stored = this.isUnsaved ? undefined : await this.kept.read()
    const known = this.certificate
    if (stored === undefined || stored.facts.fingerprint === known?.facts.fingerprint) return
    if (known !== undefined && stored.facts.notAfter <= known.facts.notAfter) return
    await this.putInForce(stored, 'was renewed by another process')
    this.tries = NO_TRIES
  }

  private async locked(): Promise<void> {
    const { store, clock } = this.options
    const lock = await store.lock(this.file)
    // Whoever has it stores what comes of it.
    if (lock === undefined) {
      this.tries = { ...this.tries, next: clock.wallTime() + LOOK_AGAIN }
      return
    }
    const keeper = clock.timer(() => {
      void lock.keep().catch(() => {})
      keeper.arm(LOCK_LIFE / 3)
    })
    keeper.arm(LOCK_LIFE / 3)
    try {
      await this.takeStored()
      if (clock.wallTime() >= this.next) await this.order()
    } finally {
      keeper.disarm()
      await lock.release()
    }
  }

  private async order(): Promise<void> {
    const { acme, names, session, store, clock, prover } = this.options
    // Before anything is asked for: a process that is ended here has failed, and nothing is ordered that could not be stored.
    const failures = this.tries.failures + 1
    await this.kept.writeTries({
      failures,
      next: clock.wallTime() + backOff(failures, undefined, 0),
      reason: 'it did not end',
    })
    const account = await AcmeAccount.open(session, store, accountFile(acme), acme)
    const key = newKey(acme.key)
    const chain = await orderCertificate({
      session,
      account,
      clock,
      names,
      request: makeRequest(names, key),
      replaces: this.certificate && nameFor(this.certificate),
      types: this.types(),
      prove: (proofs) => prover.prove(proofs, acme, this.ending.signal),
      signal: this.ending.signal,
    })
    const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString()
    const accepted = acceptedCertificate({ chain, key: pem }, names, acme.directory, clock.wallTime())
    this.tries = NO_TRIES
    this.window = undefined
    this.windowUntil = 0
    this.isUnsaved = true
    this.options.ordered(true)
    await this.putInForce(accepted, 'is here')
    await this.save()
  }

  /** By which ways, in turn where two could be: what fails by one may come by the other. */
  private types(): readonly ChallengeType[] {
    const { acme, hasClear } = this.options
    if (acme.challenge !== undefined) return [acme.challenge]
    if (acme.dns !== undefined) return ['dns-01']
    if (!hasClear()) return ['tls-alpn-01']
    return this.tries.failures % 2 === 0 ? ['tls-alpn-01', 'http-01'] : ['http-01', 'tls-alpn-01']
  }

  private async putInForce(certificate: LoadedCertificate, what: string): Promise<void> {
    this.certificate = certificate
    await this.options.renewed(certificate)
    const { names, notAfter, from } = certificate.facts
    const until = new Date(notAfter).toISOString().slice(0, 10)
    this.options.told(
      true,
      `tls: the certificate of ${from} for ${names.slice(0, 3).join(', ')} ${what}, valid until ${until}`,
    )
  }

  private async save(): Promise<void> {
    if (this.certificate === undefined) return
    await this.kept.write(this.certificate)
    this.isUnsaved = false
    await this.kept.writeTries(NO_TRIES)
  }

  private async askWindow(): Promise<void> {
    const { session, clock } = this.options
    const name = this.certificate && nameFor(this.certificate)
    if (name === undefined || clock.wallTime() < this.windowUntil) return
    try {
      const { renewalInfo } = await session.directory()
      if (renewalInfo === undefined) return
      const { body, retryAfter } = await session.get(`${renewalInfo.replace(/\/$/, '')}/${name}`)
      const { suggestedWindow } = isFields(body) ? body : {}
      const { start, end } = isFields(suggestedWindow) ? suggestedWindow : {}
      this.window = windowOf(start, end)
      this.windowUntil = clock.wallTime() + windowPause(retryAfter)
    } catch {
      // What it said before holds, or two thirds.
      this.windowUntil = clock.wallTime() + windowPause(undefined)
    }
  }

  private async failed(error: unknown): Promise<void> {
    const { clock, told, names } = this.options
    const failures = this.tries.failures + 1
    const asked = error instanceof AcmeError ? error.retryAfter : undefined
    const reason = error instanceof Error ? error.message : String(error)
    const next = clock.wallTime() + backOff(failures, asked, clock.random())
    this.tries = { failures, next, reason }
    this.options.ordered(false)
    const state =
      this.certificate === undefined
        ? 'one of the local authority stands in for it'
        : 'the one before stays in force'
    const when = new Date(next).toISOString().slice(0, 16)
    told(
      false,
      `tls: no certificate for ${names.slice(0, 3).join(', ')}: ${reason}; ${state}, and the next try is at ${when}Z`,
    )
    try {
      await this.kept.writeTries(this.tries)
    } catch {
      // The disk may be what is wrong.
    }
  }
}

function nameFor({ chain }: LoadedCertificate): string | undefined {
  return renewalName(new X509Certificate(Buffer.from(chain)).raw)
}

/** One for each authority, and for each account there that one has otherwise. */
function accountFile({ directory, externalAccount }: AcmeConfig): string {
  return `${nameOfFile(directory, ['account'], externalAccount?.keyId ?? '')}.key`
}
