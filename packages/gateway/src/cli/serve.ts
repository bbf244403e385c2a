import { systemClock, type Timer } from '@headgate/core'
import type { AuditRecord } from '../admin/call.ts'
import { adminOperations } from '../admin/operations.ts'
import { type AdminServer, listenAdmin } from '../admin/server.ts'
import { readToken } from '../admin/access.ts'
import type { AdminConfig, GatewayConfig } from '../config/schema/schema.ts'
import type { Address } from '../settings/values/address.ts'
import type { ConfigurationSource } from '../versions/configuration-source.ts'
import { VersionHistory } from '../versions/history.ts'
import type { ChangeOrder, ChangeOutcome } from '../versions/outcome.ts'
import { Reloader } from '../versions/reloader.ts'
import { removeOldState } from '../versions/old-state.ts'
import { stateDirectory } from '../versions/state-directory.ts'
import { claim } from '../workers/claim.ts'
import { StartError, startFailure } from '../workers/start-failure.ts'
import { type StopReport, Supervisor, type SupervisorEvent } from '../workers/supervisor.ts'
import type { BoundListener } from '../workers/start-slots.ts'

/** What to serve, and where it comes from. */
export interface ServedConfig {
  readonly config: GatewayConfig
  /** As it was written. */
  readonly input: unknown
  readonly source: ConfigurationSource
  /** Undefined where there is none. */
  readonly file?: string | undefined
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
  private readonly source: ConfigurationSource
  private unwatch: (() => void) | undefined
  private rereading: Timer | undefined
  private readonly listener: ServingListener
  private admin: AdminServer | undefined
  private isReady = false

  constructor(served: ServedConfig, listener: ServingListener) {
    const { config, input, source, file } = served
    this.listener = listener
    this.source = source
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
    this.reloader = new Reloader(this.supervisor, history, source, input, systemClock, (order, outcome) =>
      this.changed(order, outcome),
    )
  }

  /** Where the admin endpoints are, if they are configured and bound. */
  get adminAddress(): Address | undefined {
    return this.admin?.address
  }

  /** Rejects with a StartError, with nothing left running, if an address cannot be bound. */
  async start(): Promise<readonly BoundListener[]> {
    const { supervisor } = this
    const { admin, reload } = supervisor.config
    try {
      // First, so that it can answer "not yet" while the workers start.
      if (admin !== false) this.admin = await startAdmin(admin, supervisor, this.reloader, this.listener)
      const listeners = await supervisor.start()
      this.isReady = true
      if (reload.watch) this.watchSource()
      if (reload.interval !== undefined) this.readEvery(reload.interval)
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
    this.unwatch?.()
    this.rereading?.disarm()
    const report = await this.supervisor.stop()
    await this.admin?.close()
    return report
  }

  /** Whoever asks for a reload wants what is on disk now, databases too. */
  private changed(order: ChangeOrder, outcome: ChangeOutcome): void {
    this.listener.changed(order, outcome)
    this.supervisor.refreshFiles().catch((error: unknown) => {
      const message = `databases of addresses and certificates stay as they were: ${startFailure(error).message}`
      this.listener.event({ type: 'notice', message })
    })
  }

  private readEvery(interval: number): void {
    this.rereading = systemClock.timer(() => {
      this.rereading?.arm(interval)
      void this.reloader.reload({ origin: 'file' })
    })
    this.rereading.arm(interval)
  }

  private watchSource(): void {
    this.unwatch = this.source.watch?.({
      changed: () => void this.reloader.reload({ origin: 'file' }),
      unwatched: (what, reason) => {
        const message = `${what} cannot be watched: ${reason}; SIGHUP reloads it`
        this.listener.event({ type: 'notice', message })
      },
    })
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
