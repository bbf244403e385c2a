import type { Clock, Timer } from '@headgate/core'
import { FileWatches } from '../../file-watch.ts'
import { fileStamp } from '../geo/geo-files.ts'
import {
  certificateFiles,
  certificateIdentity,
  loadCertificate,
  type LoadedCertificate,
} from './certificate.ts'
import {
  type Certificates,
  certificateConfigs,
  type CertifiedConfig,
  nameOf,
  reasonOf,
} from './certificates.ts'
import type { CertificateConfig } from './setting.ts'

/** What came of a certificate whose files have changed. */
export interface CertificateChange {
  readonly applied: boolean
  /** Of its file. */
  readonly path: string
  /** For the log. */
  readonly message: string
}

/** Who has certificates in force. */
export interface CertificateOwner {
  /** In force, by the identity of their setting. */
  readonly certificates: Certificates
  /** Puts them in force in place of those of the same setting. */
  replaceCertificates(renewed: Certificates): Promise<void>
  certificateChanged(change: CertificateChange): void
}

/** Certificate and key are two files: milliseconds for which one may be ahead of the other before that is told. */
const BOTH_FILES = 2_000

/** Reads certificates again when their files change. One that cannot be used leaves the one before in force. */
export class CertificateWatch {
  private readonly owner: CertificateOwner
  private readonly watches: FileWatches
  private readonly again: Timer
  private byFile = new Map<string, CertificateConfig[]>()
  private readonly changed = new Set<string>()
  /** Why those that were refused last were refused, by identity. */
  private readonly refusals = new Map<string, string>()
  /** Those that were refused a moment ago, and may be whole by now. */
  private readonly waiting = new Map<string, CertificateConfig>()
  private running: Promise<unknown> = Promise.resolve()

  constructor(owner: CertificateOwner, clock: Clock) {
    this.owner = owner
    this.again = clock.timer(() => this.lookAgain())
    const listener = {
      changed: (path: string) => this.look(path),
      unwatched: (path: string, reason: string) => {
        const message = `tls: ${path} cannot be watched: ${reason}; SIGHUP reads it again`
        owner.certificateChanged({ applied: false, path, message })
      },
    }
    // By what the file system says of them: a folder may hold thousands, each of which is looked at when one changes.
    this.watches = new FileWatches(clock, listener, fileStamp)
  }

  /** Why a certificate in force is not the one that is in its files, by its identity. */
  get refused(): ReadonlyMap<string, string> {
    return this.refusals
  }

  /** Watches the files of a configuration from now on, and no others. */
  follow(config: CertifiedConfig): void {
    this.byFile = new Map()
    const configs = certificateConfigs(config)
    for (const each of configs.values())
      for (const path of certificateFiles(each))
        this.byFile.set(path, [...(this.byFile.get(path) ?? []), each])
    // A configuration is put in force with what its files hold.
    for (const identity of this.refusals.keys()) if (!configs.has(identity)) this.refusals.delete(identity)
    this.watches.follow(this.byFile.keys())
  }

  /** Looks at all files now: where nothing tells of a change, as on some network file systems. */
  refresh(): Promise<unknown> {
    for (const path of this.watches.paths) this.look(path)
    return this.running
  }

  stop(): void {
    this.again.disarm()
    this.follow({ listeners: [] })
  }

  /** What changes together, as by `..data` of Kubernetes, is read together. */
  private look(path: string): void {
    const isFirst = this.changed.size === 0
    this.changed.add(path)
    if (!isFirst) return
    this.running = this.running.then(async () => {
      const files = [...this.changed]
      this.changed.clear()
      const configs = files.flatMap((file) => this.byFile.get(file) ?? [])
      await this.read(new Map(configs.map((each) => [certificateIdentity(each), each])), false)
    })
  }

  private lookAgain(): void {
    this.running = this.running.then(async () => {
      const configs = new Map(this.waiting)
      this.waiting.clear()
      await this.read(configs, true)
    })
  }

  private async read(configs: ReadonlyMap<string, CertificateConfig>, isLast: boolean): Promise<void> {
    const { certificates } = this.owner
    const renewed = new Map<string, LoadedCertificate>()
    for (const [identity, config] of configs) {
      const current = certificates.get(identity)
      if (current === undefined) continue
      try {
        const found = loadCertificate(config, current)
        this.waiting.delete(identity)
        this.refusals.delete(identity)
        if (found !== current) renewed.set(identity, found)
      } catch (error) {
        if (isLast) this.refuse(identity, config, current, error)
        else {
          this.waiting.set(identity, config)
          this.again.arm(BOTH_FILES)
        }
      }
    }
    if (renewed.size > 0) await this.replace(renewed, configs)
  }

  private async replace(
    renewed: ReadonlyMap<string, LoadedCertificate>,
    configs: ReadonlyMap<string, CertificateConfig>,
  ): Promise<void> {
    await this.owner.replaceCertificates(renewed)
    for (const [identity, { facts }] of renewed) {
      const path = configs.get(identity)?.cert ?? ''
      const message = `tls: ${facts.from} is in force anew: ${describe(facts)}`
      this.owner.certificateChanged({ applied: true, path, message })
    }
  }

  private refuse(
    identity: string,
    config: CertificateConfig,
    { facts }: LoadedCertificate,
    error: unknown,
  ): void {
    const reason = reasonOf(error)
    if (this.refusals.get(identity) === reason) return
    this.refusals.set(identity, reason)
    const message = `tls: ${nameOf(config)} ${reason}; the one before stays in force: ${describe(facts)}`
    this.owner.certificateChanged({ applied: false, path: facts.from, message })
  }
}

/** `shop.example, *.shop.example, valid until 2027-02-01`, with no more names than one reads. */
function describe({ names, notAfter }: LoadedCertificate['facts']): string {
  const shown = names.slice(0, 3).join(', ')
  const more = names.length > 3 ? ` and ${names.length - 3} more` : ''
  return `${shown}${more}, valid until ${new Date(notAfter).toISOString().slice(0, 10)}`
}
