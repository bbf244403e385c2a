import { dirname, resolve } from 'node:path'
import { systemClock } from '@headgate/core'
import type { AuditRecord } from '../admin/call.ts'
import { adminOperations } from '../admin/operations.ts'
import { type AdminServer, listenAdmin } from '../admin/server.ts'
import { readToken } from '../admin/token.ts'
import type { AdminConfig, GatewayConfig } from '../config/schema/schema.ts'
import type { LoadResult } from '../config/load.ts'
import type { Address } from '../settings/values/address.ts'
import { VersionHistory } from '../versions/history.ts'
import type { ChangeOrder, ChangeOutcome } from '../versions/outcome.ts'
import { Reloader } from '../versions/reloader.ts'
import { removeOldState } from '../versions/old-state.ts'
import { stateDirectory } from '../versions/state-directory.ts'
import { FileWatches } from '../file-watches.ts'
import { claim } from '../workers/claim.ts'
import { StartError, startFailure } from '../workers/start-failure.ts'
import {
  type BoundListener,
  type StopReport,
  Supervisor,
  type SupervisorEvent,
} from '../workers/supervisor.ts'

/** What to serve, and where to read it again. */
export interface ServedConfig {
  readonly config: GatewayConfig
  /** As it was written. */
  readonly input: unknown
  /** For people. */
  readonly source: string
  /** Undefined where there is none. */
  readonly file?: string | undefined
  /** Those that hold values of its variables. */
  readonly secretFiles?: readonly string[]
  read(): Promise<LoadResult>
}

/** Told of what happens. */
export interface ServingListener {
  event(event: SupervisorEvent): void
  changed(order: ChangeOrder, outcome: ChangeOutcome): void
  /** A call of the admin API that was to change something else than the configuration, or was not let that far. */
  called(record: AuditRecord): void
}

/** A gateway process: the workers, the admin listener that answers for them, and whatever changes the configuration. */
export class Serving {
  readonly supervisor: Supervisor
  /** Where applied configurations are kept; undefined: in memory only. */
  readonly versionsDirectory: string | undefined
  private readonly reloader: Reloader
  private readonly watch: FileWatches | undefined
  /** What is watched: the configuration, and the files that hold values of its variables. */
  private watched: readonly string[]
  private readonly listener: ServingListener
  private admin: AdminServer | undefined
  private isReady = false

  constructor(served: ServedConfig, listener: ServingListener) {
    const { config, input, source, file } = served
    this.listener = listener
    this.supervisor = new Supervisor(config, { onEvent: (event) => listener.event(event) })
    const { directory, keep } = config.versions
    const notice = (message: string): void => listener.event({ type: 'notice', message })
    const ownState = file === undefined ? undefined : stateDirectory(file, process.env)
    this.versionsDirectory = directory ?? ownState
    const history = new VersionHistory(this.versionsDirectory, keep, notice)
    if (directory === undefined && ownState !== undefined) {
      const gone = removeOldState(ownState, systemClock.wallTime())
      if (gone.length > 0)
        notice(`versions of files that nobody has used for 90 days are gone: ${gone.join(', ')}`)
    }
    const folder = file === undefined ? process.cwd() : dirname(resolve(file))
    const from = { name: source, folder, read: () => this.readAgain(served) }
    this.reloader = new Reloader(this.supervisor, history, from, input, systemClock, (order, outcome) =>
      this.changed(order, outcome),
    )
    this.watched = file === undefined ? [] : [resolve(file), ...(served.secretFiles ?? [])]
    if (file !== undefined && config.reload.watch) this.watch = this.fileWatches()
  }

  /** Where the admin endpoints are, if they are configured and bound. */
  get adminAddress(): Address | undefined {
    return this.admin?.address
  }

  /** Rejects with a StartError, with nothing left running, if an address cannot be bound. */
  async start(): Promise<readonly BoundListener[]> {
    const { supervisor } = this
    const { admin } = supervisor.config
    try {
      // First, so that it can answer "not yet" while the workers start.
      if (admin !== false) this.admin = await startAdmin(admin, supervisor, this.reloader, this.listener)
      const listeners = await supervisor.start()
      this.isReady = true
      this.watch?.follow(this.watched)
      return listeners
    } catch (error) {
      await this.admin?.close()
      throw error
    }
  }

  /** As for SIGHUP. While it starts, there is nothing to reload: it has just been read. */
  reload(): void {
    if (this.isReady) void this.reloader.reload({ origin: 'signal' })
  }

  /** Drains the workers; the admin endpoints answer until that is done. */
  async stop(): Promise<StopReport> {
    this.isReady = false
    this.watch?.stop()
    const report = await this.supervisor.stop()
    await this.admin?.close()
    return report
  }

  /** Whoever asks for a reload wants what is on disk now, databases too. */
  private changed(order: ChangeOrder, outcome: ChangeOutcome): void {
    this.listener.changed(order, outcome)
    this.supervisor.refreshGeo().catch((error: unknown) => {
      const message = `databases of addresses stay as they were: ${startFailure(error).message}`
      this.listener.event({ type: 'notice', message })
    })
  }

  private fileWatches(): FileWatches {
    const changed = (): void => void this.reloader.reload({ origin: 'file' })
    const unwatched = (path: string, reason: string): void => {
      const what = path === this.watched[0] ? 'the configuration file' : path
      this.listener.event({
        type: 'notice',
        message: `${what} cannot be watched: ${reason}; SIGHUP reloads it`,
      })
    }
    return new FileWatches(systemClock, { changed, unwatched })
  }

  /** Where it is refused, those of before are in force still, and one that is missing may come. */
  private async readAgain(served: ServedConfig): Promise<LoadResult> {
    const loaded = await served.read()
    const [file = '', ...before] = this.watched
    const now = loaded.secretFiles ?? []
    this.watched = [file, ...(loaded.ok ? now : new Set([...before, ...now]))]
    if (this.isReady) this.watch?.follow(this.watched)
    return loaded
  }
}

async function startAdmin(
  config: AdminConfig,
  supervisor: Supervisor,
  reloader: Reloader,
  listener: ServingListener,
): Promise<AdminServer> {
  try {
    const token = readToken(config.token, process.env)
    if (config.address.kind === 'unix') await claim(config.address)
    const record = (record: AuditRecord): void => listener.called(record)
    return await listenAdmin(config, adminOperations(supervisor, reloader), { token, record })
  } catch (error) {
    throw new StartError(startFailure(error))
  }
}
