import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@headgate/client'
import type { Clock } from '@headgate/core'
import type { AcmeConfig } from '../features/tls/acme-setting.ts'
import type { LoadedCertificate } from '../features/tls/certificate.ts'
import { acmeNames, acmeSettings, type ManagedConfig } from '../features/tls/managed.ts'
import type { RenewalState } from '../features/tls/renewals.ts'
import { Prover, type Publish } from './prover.ts'
import { Renewal } from './renewal.ts'
import { AcmeSession } from './session.ts'
import { FolderStore } from './store.ts'

/** Who has the certificates served. */
export interface AcmeOwner {
  readonly clock: Clock
  /** Where keys and certificates are kept. */
  readonly storage: string
  readonly publish: Publish
  renewed(acme: AcmeConfig, certificate: LoadedCertificate): Promise<void>
  /** @param path of the authority */
  told(ok: boolean, message: string, path: string): void
  /** An order has ended, with a certificate or without. */
  ordered(ok: boolean): void
}

/** The certificates of authorities, and what renews each. */
export class AcmeCertificates {
  private readonly owner: AcmeOwner
  private readonly prover: Prover
  private readonly store: FolderStore
  /** By identity, and what it was made from. */
  private renewals = new Map<string, Renewal>()
  /** Made for a configuration that is not in force yet. */
  private readonly waiting = new Map<string, Renewal>()
  private config: ManagedConfig = { listeners: [], routes: [] }

  constructor(owner: AcmeOwner) {
    this.owner = owner
    this.prover = new Prover(owner.publish, owner.clock)
    this.store = new FolderStore(join(owner.storage, 'acme'), owner.clock)
  }

  /** How those stand that are renewed, by the identity of their setting. */
  get states(): ReadonlyMap<string, RenewalState> {
    return new Map(Array.from(this.renewals, ([identity, { state }]) => [identity, state]))
  }

  /** Those that are there for a configuration, by identity: its own, or one before with some of the names. */
  async ready(config: ManagedConfig): Promise<ReadonlyMap<string, LoadedCertificate>> {
    const found = new Map<string, LoadedCertificate>()
    for (const [identity, acme] of acmeSettings(config)) {
      const names = acmeNames(config, acme)
      const renewal = this.renewalFor(identity, acme, names)
      // oxlint-disable-next-line no-await-in-loop -- one read after the other
      if (renewal.certificate === undefined) await renewal.load()
      const certificate = renewal.certificate ?? this.standIn(names)
      if (certificate !== undefined) found.set(identity, certificate)
    }
    return found
  }

  /** Gets and renews those of a configuration from now on, and no others. */
  follow(config: ManagedConfig): void {
    this.config = config
    const before = this.renewals
    this.renewals = new Map()
    for (const [identity, acme] of acmeSettings(config)) {
      const names = acmeNames(config, acme)
      const known = before.get(identity)
      const renewal =
        known !== undefined && isFor(known, names) ? known : this.prepared(identity, acme, names)
      this.renewals.set(identity, renewal)
      if (renewal !== known) renewal.start()
    }
    for (const [identity, renewal] of before) if (this.renewals.get(identity) !== renewal) void renewal.stop()
    this.waiting.clear()
  }

  /** Tries those again that have failed. */
  hurry(): void {
    for (const renewal of this.renewals.values()) renewal.hurry()
  }

  async stop(): Promise<void> {
    await Promise.all(Array.from(this.renewals.values(), (renewal) => renewal.stop()))
  }

  private renewalFor(identity: string, acme: AcmeConfig, names: readonly string[]): Renewal {
    const known = this.renewals.get(identity)
    return known !== undefined && isFor(known, names) ? known : this.prepared(identity, acme, names)
  }

  private prepared(identity: string, acme: AcmeConfig, names: readonly string[]): Renewal {
    const waiting = this.waiting.get(identity)
    if (waiting !== undefined && isFor(waiting, names)) return waiting
    const { clock } = this.owner
    const renewal = new Renewal({
      acme,
      names,
      store: this.store,
      session: sessionWith(acme, clock),
      prover: this.prover,
      clock,
      hasClear: () => this.config.listeners.some(({ tls }) => tls === undefined),
      renewed: (certificate) => this.owner.renewed(acme, certificate),
      told: (ok, message) => this.owner.told(ok, message, acme.directory),
      ordered: (ok) => this.owner.ordered(ok),
    })
    this.waiting.set(identity, renewal)
    return renewal
  }

  /** Of those in force, the one with most of these names, so that a name that is added costs the others nothing. */
  private standIn(names: readonly string[]): LoadedCertificate | undefined {
    let best: { readonly certificate: LoadedCertificate; readonly count: number } | undefined
    for (const { certificate } of this.renewals.values()) {
      const count = names.filter((name) => certificate?.facts.names.includes(name)).length
      if (certificate !== undefined && count > (best?.count ?? 0)) best = { certificate, count }
    }
    return best?.certificate
  }
}

function isFor({ options }: Renewal, names: readonly string[]): boolean {
  return JSON.stringify(options.names) === JSON.stringify(names)
}

/** Bytes of an answer: a chain of certificates has a few thousand. */
const LARGEST_ANSWER = 256 * 1024
/** Milliseconds. */
const LONGEST_CALL = 60_000

function sessionWith({ directory, ca }: AcmeConfig, clock: Clock): AcmeSession {
  // A call takes the time that it takes, whatever clock renewals go by.
  const client = createClient({
    name: 'acme',
    // Read for each connection: it may be there later, or be another one.
    ...(ca !== undefined && { tls: { ca: () => readFileSync(ca, 'utf8') } }),
    timeout: { deadline: LONGEST_CALL },
    // The renewal tries again, and knows how long the authority wants it to wait.
    retry: false,
    breaker: false,
    redirect: false,
    throwOnStatus: false,
    maxBody: LARGEST_ANSWER,
    maxBufferedBody: LARGEST_ANSWER,
    tracing: false,
    lint: false,
  })
  return new AcmeSession(client, clock, directory)
}
