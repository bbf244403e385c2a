import type { Clock, Timer } from '@headgate/core'
import { FileWatches } from '../../file-watch.ts'
import { fileStamp } from '../geo/geo-files.ts'
import { certificateFiles, loadCertificate, type LoadedCertificate } from './certificate.ts'
import {
  certificateConfigs,
  type CertifiedConfig,
  nameOf,
  reasonOf,
  type RefusedMaterial,
  refusalOf,
} from './certificates.ts'
import type { CertificateConfig } from './setting.ts'

/** What came of certificates, or of authorities, whose files have changed. */
export interface CertificateChange {
  readonly applied: boolean
  /** Of its file. */
  readonly path: string
  /** For the log. */
  readonly message: string
}

/** What is read of files in PEM, and watched: certificates that are served, or authorities that are trusted. */
export interface WatchedKind<Config, Setting, Loaded> {
  /** The settings of a configuration, by their identity. */
  readonly settings: (config: Config) => ReadonlyMap<string, Setting>
  /** Its files, the one that it is told by first. */
  readonly files: (setting: Setting) => readonly string[]
  /** Returns what is in force where the files hold what they held. Throws where they cannot be used. */
  readonly load: (setting: Setting, inForce: Loaded) => Loaded
  /** Which one it is, for a message. */
  readonly nameOf: (setting: Setting) => string
  /** Why it cannot be used. */
  readonly refusalOf: (error: unknown, setting: Setting) => RefusedMaterial
  readonly describe: (loaded: Loaded) => string
}

/** The certificates of listeners. */
export const SERVED: WatchedKind<CertifiedConfig, CertificateConfig, LoadedCertificate> = {
  settings: certificateConfigs,
  files: certificateFiles,
  load: loadCertificate,
  nameOf,
  refusalOf,
  describe: ({ facts }) => describe(facts),
}

/** Who has them in force. */
export interface CertificateOwner<Loaded> {
  /** By the identity of their setting. */
  readonly inForce: ReadonlyMap<string, Loaded>
  /** Puts them in force in place of those of the same setting. */
  replaceCertificates(renewed: ReadonlyMap<string, Loaded>): Promise<void>
  certificateChanged(change: CertificateChange): void
}

/** Certificate and key are two files, as authorities and their lists are: milliseconds for which one may be ahead of the other before that is told. */
const BOTH_FILES = 2_000

/** Reads certificates again when their files change. One that cannot be used leaves the one before in force. */
export class CertificateWatch<Config, Setting, Loaded> {
  private readonly kind: WatchedKind<Config, Setting, Loaded>
  private readonly owner: CertificateOwner<Loaded>
  private readonly watches: FileWatches
  private readonly again: Timer
  private byFile = new Map<string, (readonly [identity: string, setting: Setting])[]>()
  private readonly changed = new Set<string>()
  /** Why those that were refused last were refused, by identity. */
  private readonly refusals = new Map<string, RefusedMaterial>()
  /** Those that were refused a moment ago, and may be whole by now. */
  private readonly waiting = new Map<string, Setting>()
  private running: Promise<unknown> = Promise.resolve()

  constructor(kind: WatchedKind<Config, Setting, Loaded>, owner: CertificateOwner<Loaded>, clock: Clock) {
    this.kind = kind
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
  get refused(): ReadonlyMap<string, RefusedMaterial> {
    return this.refusals
  }

  /** Watches the files of a configuration from now on, and no others. */
  follow(config: Config): void {
    this.byFile = new Map()
    const settings = this.kind.settings(config)
    for (const each of settings)
      for (const path of this.kind.files(each[1]))
        this.byFile.set(path, [...(this.byFile.get(path) ?? []), each])
    // A configuration is put in force with what its files hold.
    for (const identity of this.refusals.keys()) if (!settings.has(identity)) this.refusals.delete(identity)
    this.watches.follow(this.byFile.keys())
  }

  /** Looks at all files now: where nothing tells of a change, as on some network file systems. */
  refresh(): Promise<unknown> {
    for (const path of this.watches.paths) this.look(path)
    return this.running
  }

  stop(): void {
    this.again.disarm()
    this.byFile = new Map()
    this.watches.follow([])
  }

  /** What changes together, as by `..data` of Kubernetes, is read together. */
  private look(path: string): void {
    const isFirst = this.changed.size === 0
    this.changed.add(path)
    if (!isFirst) return
    this.running = this.running.then(async () => {
      const files = [...this.changed]
      this.changed.clear()
      await this.read(new Map(files.flatMap((file) => this.byFile.get(file) ?? [])), false)
    })
  }

  private lookAgain(): void {
    this.running = this.running.then(async () => {
      const settings = new Map(this.waiting)
      this.waiting.clear()
      await this.read(settings, true)
    })
  }

  private async read(settings: ReadonlyMap<string, Setting>, isLast: boolean): Promise<void> {
    const { inForce } = this.owner
    const renewed = new Map<string, Loaded>()
    for (const [identity, setting] of settings) {
      const current = inForce.get(identity)
      if (current === undefined) continue
      try {
        const found = this.kind.load(setting, current)
        this.waiting.delete(identity)
        this.refusals.delete(identity)
        if (found !== current) renewed.set(identity, found)
      } catch (error) {
        if (isLast) this.refuse(identity, setting, current, error)
        else {
          this.waiting.set(identity, setting)
          this.again.arm(BOTH_FILES)
        }
      }
    }
    if (renewed.size > 0) await this.replace(renewed, settings)
  }

  private async replace(
    renewed: ReadonlyMap<string, Loaded>,
    settings: ReadonlyMap<string, Setting>,
  ): Promise<void> {
    await this.owner.replaceCertificates(renewed)
    for (const [identity, loaded] of renewed) {
      const path = this.pathOf(settings.get(identity))
      const message = `tls: ${path} is in force anew: ${this.kind.describe(loaded)}`
      this.owner.certificateChanged({ applied: true, path, message })
    }
  }

  private refuse(identity: string, setting: Setting, current: Loaded, error: unknown): void {
    const refusal = this.kind.refusalOf(error, setting)
    const reason = reasonOf(refusal)
    const known = this.refusals.get(identity)
    if (known !== undefined && reasonOf(known) === reason) return
    this.refusals.set(identity, refusal)
    const message = `tls: ${this.kind.nameOf(setting)} ${reason}; the one before stays in force: ${this.kind.describe(current)}`
    this.owner.certificateChanged({ applied: false, path: this.pathOf(setting), message })
  }

  private pathOf(setting: Setting | undefined): string {
    return (setting && this.kind.files(setting)[0]) ?? ''
  }
}

/** `shop.example, *.shop.example, valid until 2027-02-01`, with no more names than one reads. */
function describe({ names, notAfter }: LoadedCertificate['facts']): string {
  const shown = names.slice(0, 3).join(', ')
  const more = names.length > 3 ? ` and ${names.length - 3} more` : ''
  return `${shown}${more}, valid until ${new Date(notAfter).toISOString().slice(0, 10)}`
}
