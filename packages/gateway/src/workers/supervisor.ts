import { type Clock, type MetricRegistry, systemClock, type Upstream } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import type { EndpointLists } from '../discovery/endpoint-lists.ts'
import type { EndpointOrigin } from '../discovery/listed-endpoint.ts'
import { cacheReadings } from '../features/cache/figures.ts'
import { leaveFolder, takeFolder } from '../features/cache/disk.ts'
import { PurgeFollower } from '../features/cache/follower.ts'
import { cacheWorkerEnded, type GatewayCache, workerThread } from '../features/cache/memory.ts'
import type { WarmFetch } from '../features/cache/warming/warm-run.ts'
import { Warmer } from '../features/cache/warming/warmer.ts'
import type { RateLimitStores } from '../features/rate-limit/stores.ts'
import type { FileDigests } from '../identity.ts'
import { newLoopKey } from '../features/forwarding.ts'
import { GatewayMetrics } from '../metrics/gateway-metrics.ts'
import type { Ask, AskOne, SurveySource } from '../surveys/survey.ts'
import { warmOne } from '../surveys/warm.ts'
import { HealthChecks, pauseReadings } from '../upstreams/health-checks.ts'
import type { CompiledUpstreams } from '../upstreams/upstreams.ts'
import { storageFolder } from '../authority/folder.ts'
import { claim } from './claim.ts'
import { Deployment } from './deployment.ts'
import { descriptorLimit, DescriptorWatch, fewConnections } from './descriptors.ts'
import { managedOwner, type FileEvent, FileWatches } from './file-watches.ts'
import { ManagedCertificates } from './managed-certificates.ts'
import { type SlotOwner, WorkerSlot, type WorkerState } from './slot.ts'
import { StartError, startFailure } from './start-failure.ts'
import { type BoundListener, startSlots, workerCount } from './start-slots.ts'
import type { Certificates, RefusedMaterial } from '../features/tls/certificates.ts'
import { TicketKeyRotation } from '../features/tls/session-tickets.ts'
import { expiryReadings } from '../features/tls/figures.ts'
import { renewalReadings, type RenewalState } from '../features/tls/renewals.ts'
import type { LogEntry } from '../features/handlers/handler-context.ts'
import type { Refusal } from '../features/refusals.ts'
import { geoReadings } from '../features/geo/geo.ts'
import { type CompiledSplits, showWeights } from '../features/split/split-weights.ts'
import { Shown } from '../metrics/metric.ts'

export type { BoundListener } from './start-slots.ts'

export type SupervisorEvent =
  /** Something is not as configured, for a reason. */
  | { readonly type: 'notice'; readonly message: string }
  | { readonly type: 'crashed'; readonly worker: number; readonly error: Error; readonly wait: number }
  | { readonly type: 'replaced'; readonly worker: number }
  /** What came of a run that warmed the cache. */
  | { readonly type: 'warmed'; readonly message: string; readonly wasWell: boolean }
  /** Somebody was not let in. */
  | { readonly type: 'refusal'; readonly refusal: Refusal }
  /** What a handler writes into the log. */
  | { readonly type: 'log'; readonly entry: LogEntry }
  | FileEvent

export interface SupervisorOptions {
  readonly clock?: Clock
  readonly onEvent?: (event: SupervisorEvent) => void
  /** As `process.platform`, which is the default. */
  readonly platform?: NodeJS.Platform
  /** How many file descriptors the process may open. Default: what the system says. */
  readonly descriptors?: number
}

export interface SupervisorStatus {
  readonly phase: 'starting' | 'running' | 'draining' | 'stopped'
  readonly workers: readonly WorkerState[]
}

/** How the workers came to their end. */
export interface StopReport {
  /** Connections that were cut off because their exchanges did not end in time. */
  readonly cut: number
  /** Workers that had to be ended, or crashed, with what they were at. */
  readonly lost: number
}

/** What a worker gets beyond `drain.timeout`, to cut off what is left and say so. Milliseconds. */
const DRAIN_MARGIN = 2_000

/**
 * Starts the worker threads, keeps them running, and stops them. It serves no traffic itself, so that its thread can
 * answer for the workers' health whatever the traffic does.
 */
export class Supervisor implements SurveySource {
  readonly slots: readonly WorkerSlot[]
  private readonly clock: Clock
  private readonly onEvent: (event: SupervisorEvent) => void
  private readonly deployment: Deployment
  private readonly counts: GatewayMetrics
  private readonly shown = new Shown()
  private readonly loopKey = newLoopKey()
  /** Here for all workers. */
  readonly checks: HealthChecks
  /** Has workers ask for what is to be stored. */
  readonly warmer: Warmer
  private readonly descriptors: DescriptorWatch
  private readonly fileWatches: FileWatches
  private readonly managed: ManagedCertificates
  private readonly tickets: TicketKeyRotation
  private readonly purges: PurgeFollower
  private readonly successorListeners: ((ask: AskOne) => void)[] = []
  private turn = 0
  private phase: SupervisorStatus['phase'] = 'starting'
  /** Timers of the clock let a process end: one whose workers have all crashed has nothing else to wait for. */
  private keepAlive: NodeJS.Timeout | undefined
  private stopping: Promise<StopReport> | undefined

  constructor(config: GatewayConfig, options: SupervisorOptions = {}) {
    this.clock = options.clock ?? systemClock
    this.onEvent = options.onEvent ?? (() => {})
    const { count, notice } = workerCount(config, options.platform ?? process.platform)
    if (notice !== undefined) this.onEvent({ type: 'notice', message: notice })
    this.slots = Array.from(
      { length: count },
      (_, index) => new WorkerSlot(index, this.slotOwner, this.clock, config.timeouts.workerStall),
    )
    const limit = options.descriptors ?? descriptorLimit()
    const notify = (message: string): void => this.onEvent({ type: 'notice', message })
    this.deployment = new Deployment(config, this.slots, this.clock, limit, notify)
    this.counts = new GatewayMetrics(this.deployment.metrics)
    const few = fewConnections(config, this.deployment.affordable(config), limit)
    if (few !== undefined) notify(few)
    this.checks = new HealthChecks(notify)
    this.fileWatches = new FileWatches(this.deployment, this.clock, this.onEvent, notify)
    this.managed = new ManagedCertificates(
      managedOwner(this.deployment, this.onEvent),
      this.clock,
      storageFolder(config.tls.storage, process.env),
    )
    this.tickets = new TicketKeyRotation(this.clock, (keys) => void this.deployment.useTicketKeys(keys))
    this.purges = new PurgeFollower(this.clock, notify)
    this.warmer = new Warmer(this.warm, this.clock, (message, wasWell) =>
      this.onEvent({ type: 'warmed', message, wasWell }),
    )
    this.descriptors = new DescriptorWatch(this.clock, notify)
  }

  /** In force. */
  get config(): GatewayConfig {
    return this.deployment.blueprint.config
  }

  /** What is in the files that it names. */
  get files(): FileDigests {
    return this.deployment.blueprint.files
  }

  /** The upstreams that share their state with those of the workers: for checks, marks and weights. */
  get upstreams(): CompiledUpstreams {
    return this.deployment.blueprint.snapshot.upstreams
  }

  /** The rate limits: what is shared of them is that of the workers. */
  get rateLimits(): RateLimitStores {
    return this.deployment.blueprint.rateLimits
  }

  /** The cache, which is that of the workers; undefined where no route has one. */
  get cache(): GatewayCache | undefined {
    return this.deployment.blueprint.cache
  }

  /** The certificates in force, by the identity of their setting. */
  get certificates(): Certificates {
    return this.deployment.certificates
  }

  /** Why some of them, or of the authorities of clients, are not what is in their files. */
  get refusedCertificates(): ReadonlyMap<string, RefusedMaterial> {
    return this.fileWatches.refusedCertificates
  }

  /** How those stand that authorities are asked for. */
  get renewals(): ReadonlyMap<string, RenewalState> {
    return this.managed.renewals
  }

  /** The weights of splits, which the workers see change. */
  get splits(): CompiledSplits {
    return this.deployment.blueprint.snapshot.splits
  }

  get listeners(): readonly BoundListener[] {
    return this.deployment.listeners
  }

  /** All that was counted in all workers, for Prometheus. No worker is asked. */
  renderMetrics(): string {
    const { metrics, endpointMetrics } = this.deployment
    this.counts.workers.set(this.slots.filter(({ state }) => state === 'listening').length)
    this.counts.sampleProcess(this.clock)
    for (const [name, { upstream }] of this.upstreams)
      endpointMetrics.recordChecks(name, upstream.stats(), upstream)
    this.shown.show([
      ...geoReadings(metrics, this.deployment.geo),
      ...expiryReadings(metrics, this.certificates.values()),
      ...renewalReadings(metrics, this.renewals.values()),
      ...pauseReadings(metrics, this.config, this.checks),
      ...cacheReadings(metrics, this.cache),
    ])
    showWeights(metrics, this.splits)
    return metrics.render()
  }

  /** Whether a configuration could be applied, as far as that can be said without binding an address. Throws why not. */
  tryOut(config: GatewayConfig): void {
    this.deployment.tryOut(config)
  }

  /**
   * Puts a further configuration in force in all workers at once; what did not change goes on as it is. Rejects with a
   * StartError, with nothing changed, if it cannot be. One at a time: a call waits for the one before.
   * @param config with the same `workers`, and as for everything else that only a start reads
   */
  async apply(config: GatewayConfig): Promise<void> {
    if (this.phase !== 'running') throw new StartError({ message: `the gateway is ${this.phase}` })
    try {
      await this.deployment.apply(config, (next) => this.managed.ready(next))
    } catch (error) {
      throw error instanceof StartError ? error : new StartError(startFailure(error))
    }
    if (this.phase !== 'running') return
    this.takeFolderOfCache()
    try {
      this.follow()
    } catch (error) {
      // In force is in force: to say that it was refused would be wrong.
      const { message } = startFailure(error)
      this.onEvent({
        type: 'notice',
        message: `health checks, databases or certificates stay as they were: ${message}`,
      })
    }
  }

  /** For the metrics: what the last reading of the configuration file came to. */
  reloaded(successful: boolean): void {
    this.counts.reloaded(successful, this.clock.wallTime())
  }

  /** Changes endpoints by hand, in all workers. */
  changeEndpoints<Result>(change: (lists: EndpointLists) => Result): Promise<Result> {
    return this.deployment.changeEndpoints(change)
  }

  /** Where the endpoints of an upstream come from, in their order. */
  readonly originsOf = (upstream: Upstream): readonly EndpointOrigin[] =>
    this.deployment.lists.sources(upstream).map(({ source }) => source)

  readonly ask: Ask = async (question, ...about) => {
    const asked = this.slots.filter(({ state }) => state === 'listening')
    const answers = await Promise.allSettled(asked.map((slot) => slot.survey(question, ...about)))
    return answers.flatMap((each, index) => {
      const worker = asked[index]?.index
      return each.status === 'fulfilled' && worker !== undefined ? [{ worker, answer: each.value }] : []
    })
  }

  /** By one worker after the other; once more where one has ended before it answered. */
  private readonly warm: WarmFetch = async (request) => {
    for (let tries = 0; ; tries++) {
      const listening = this.slots.filter(({ state }) => state === 'listening')
      const slot = listening[this.turn++ % Math.max(1, listening.length)]
      if (slot === undefined) throw new StartError({ message: 'no worker listens' })
      try {
        // oxlint-disable-next-line no-await-in-loop -- one try after the other
        return await slot.survey(warmOne, request)
      } catch (error) {
        if (tries === 1) throw error
      }
    }
  }

  onSuccessor(listener: (ask: AskOne) => void): void {
    this.successorListeners.push(listener)
  }

  /** What is counted in all workers, as of a moment ago: none is asked. */
  get metrics(): MetricRegistry {
    return this.deployment.metrics
  }

  /** Reads databases of addresses and certificates again whose files are others now. */
  async refreshFiles(): Promise<void> {
    this.managed.hurry()
    await this.fileWatches.refresh()
  }

  status(): SupervisorStatus {
    return { phase: this.phase, workers: this.slots.map(({ state }) => state) }
  }

  /** Resolves when all workers listen. Rejects with a StartError, with nothing left running, if one of them cannot. */
  async start(): Promise<readonly BoundListener[]> {
    this.keepAlive = setInterval(() => {}, 2 ** 30)
    try {
      const shared = this.slots.length > 1
      for (const { address } of this.config.listeners) {
        if (shared || address.kind === 'unix') await claim(address)
      }
      this.tickets.follow(this.config.tls.sessionTickets)
      await this.deployment.discover()
      this.deployment.useManaged(await this.managed.ready(this.config))
      takeFolder(this.cache?.disk)
      await startSlots(this.slots, this.config, (ports) => {
        this.deployment.ports = ports
      })
    } catch (error) {
      await this.stop()
      clearInterval(this.keepAlive)
      throw error instanceof StartError ? error : new StartError(startFailure(error))
    }
    this.phase = 'running'
    for (const slot of this.slots) this.deployment.catchUp(slot)
    this.descriptors.start()
    this.follow()
    return this.listeners
  }

  /** What goes on beside the workers is by the configuration in force. */
  private follow(): void {
    this.checks.follow(this.upstreams)
    this.fileWatches.follow(this.config)
    this.managed.follow(this.config, this.certificates)
    this.tickets.follow(this.config.tls.sessionTickets)
    this.purges.follow(this.cache)
    this.warmer.follow(this.config.cache.warm)
  }

  /** Stops accepting, lets exchanges in flight finish within `drain.timeout`, and ends all workers. */
  stop(): Promise<StopReport> {
    this.stopping ??= this.drain()
    return this.stopping
  }

  private async drain(): Promise<StopReport> {
    this.phase = 'draining'
    this.checks.stop()
    this.warmer.stop()
    this.deployment.lists.stop()
    this.fileWatches.stop()
    this.tickets.stop()
    const stopped = this.managed.stop()
    this.purges.stop()
    this.deployment.blueprint.stores.close()
    const timer = this.clock.timer(() => {
      for (const slot of this.slots) slot.terminate()
    })
    timer.arm(this.config.drain.timeout + DRAIN_MARGIN)
    const cuts = await Promise.all(this.slots.map((slot) => slot.drain()))
    timer.disarm()
    await stopped
    await leaveFolder(this.cache?.disk)
    this.descriptors.stop()
    clearInterval(this.keepAlive)
    this.phase = 'stopped'
    const cut = cuts.reduce<number>((sum, each) => sum + (each ?? 0), 0)
    return { cut, lost: cuts.filter((each) => each === undefined).length }
  }

  /** Where it cannot, the cache is in memory alone: in force is in force. */
  private takeFolderOfCache(): void {
    try {
      takeFolder(this.cache?.disk)
    } catch (error) {
      const { message } = startFailure(error)
      this.onEvent({ type: 'notice', message: `nothing is kept on disk: ${message}` })
    }
  }

  private readonly slotOwner: SlotOwner = {
    birth: (slot) => ({
      ...this.deployment.birth(slot),
      reusePort: this.slots.length > 1,
      replacement: this.phase === 'running',
      loopKey: this.loopKey,
      cacheThread: workerThread(slot.index),
    }),
    refused: (refusal) => this.onEvent({ type: 'refusal', refusal }),
    logged: (entry) => this.onEvent({ type: 'log', entry }),
    noticed: ({ index }, message) => this.onEvent({ type: 'notice', message: `worker ${index}: ${message}` }),
    replaced: (slot) => {
      this.onEvent({ type: 'replaced', worker: slot.index })
      for (const listener of this.successorListeners) listener(slot.survey)
      this.deployment.catchUp(slot)
    },
    crashed: ({ index }, error, wait) => {
      this.counts.workerCrashes.add(1)
      this.deployment.metrics.ended(index)
      cacheWorkerEnded(this.cache, index)
      this.onEvent({ type: 'crashed', worker: index, error, wait })
    },
  }
}
