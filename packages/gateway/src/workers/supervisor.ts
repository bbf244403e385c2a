import { randomBytes } from 'node:crypto'
import { type Clock, systemClock } from '@headgate/core'
import type { GatewayConfig, ListenerConfig } from '../config/config.ts'
import { GatewayMetrics } from '../metrics.ts'
import { claim } from './claim.ts'
import { connectionsWithin, DescriptorWatch, descriptorLimit, FEW_CONNECTIONS } from './descriptors.ts'
import type { WorkerStart } from './protocol.ts'
import { type SlotOwner, WorkerSlot, type WorkerState } from './slot.ts'
import { StartError, startFailure } from './start-failure.ts'

export type SupervisorEvent =
  /** Something is not as configured, for a reason. */
  | { readonly type: 'notice'; readonly message: string }
  | { readonly type: 'crashed'; readonly worker: number; readonly error: Error; readonly wait: number }
  | { readonly type: 'replaced'; readonly worker: number }

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

/** A listener as it is bound. */
export interface BoundListener {
  readonly config: ListenerConfig
  /** Undefined for a unix socket. */
  readonly port: number | undefined
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

/** Where the kernel spreads connections over all sockets that listen on a port: Node's `reusePort` works there. */
const SPREADING: readonly NodeJS.Platform[] = ['linux', 'freebsd', 'sunos', 'aix']

/**
 * Starts the worker threads, keeps them running, and stops them. It serves no traffic itself, so that its thread can
 * answer for the workers' health whatever the traffic does.
 */
export class Supervisor {
  readonly config: GatewayConfig
  readonly slots: readonly WorkerSlot[]
  private readonly clock: Clock
  private readonly onEvent: (event: SupervisorEvent) => void
  readonly metrics: GatewayMetrics
  /** Its own metric memory, and then one for each worker, which its successors count on in. */
  readonly memories: readonly SharedArrayBuffer[]
  private readonly ticketKeys = randomBytes(48)
  private readonly descriptors: DescriptorWatch
  /** The most connections of a listener for which there are file descriptors. */
  private readonly maxConnections: number
  private phase: SupervisorStatus['phase'] = 'starting'
  private ports: readonly (number | undefined)[] = []
  /** Timers of the clock let a process end: one whose workers have all crashed has nothing else to wait for. */
  private keepAlive: NodeJS.Timeout | undefined
  private stopping: Promise<StopReport> | undefined

  constructor(config: GatewayConfig, options: SupervisorOptions = {}) {
    this.config = config
    this.clock = options.clock ?? systemClock
    this.onEvent = options.onEvent ?? (() => {})
    const { count, notice } = workerCount(config, options.platform ?? process.platform)
    if (notice !== undefined) this.onEvent({ type: 'notice', message: notice })
    this.slots = Array.from(
      { length: count },
      (_, index) => new WorkerSlot(index, this.slotOwner, this.clock, config.timeouts.workerStall),
    )
    this.maxConnections = this.affordable(options.descriptors ?? descriptorLimit(), count)
    this.descriptors = new DescriptorWatch(this.clock, (message) => this.onEvent({ type: 'notice', message }))
    this.metrics = new GatewayMetrics(config)
    const own = this.metrics.allocate()
    this.metrics.attach(own)
    this.memories = [own, ...this.slots.map(() => this.metrics.allocate())]
  }

  /** All that was counted in all workers, for Prometheus. No worker is asked. */
  renderMetrics(): string {
    this.metrics.sampleProcess(this.clock)
    this.metrics.workers.set(this.slots.filter(({ state }) => state === 'listening').length)
    return this.metrics.render(this.memories)
  }

  status(): SupervisorStatus {
    return { phase: this.phase, workers: this.slots.map(({ state }) => state) }
  }

  /** Resolves when all workers listen. Rejects with a StartError, with nothing left running, if one of them cannot. */
  async start(): Promise<readonly BoundListener[]> {
    const [first, ...others] = this.slots
    this.keepAlive = setInterval(() => {}, 2 ** 30)
    try {
      const shared = this.slots.length > 1
      for (const { address } of this.config.listeners) {
        if (shared || address.kind === 'unix') await claim(address)
      }
      // The first one alone: where port 0 is asked for, it finds the port that the others join it on.
      if (first !== undefined) this.ports = await first.start()
      await Promise.all(others.map((slot) => slot.start()))
    } catch (error) {
      await this.stop()
      clearInterval(this.keepAlive)
      throw error instanceof StartError ? error : new StartError(startFailure(error))
    }
    this.phase = 'running'
    this.descriptors.start()
    return this.config.listeners.map((config, index) => ({ config, port: this.ports[index] }))
  }

  /** Stops accepting, lets exchanges in flight finish within `drain.timeout`, and ends all workers. */
  stop(): Promise<StopReport> {
    this.stopping ??= this.drain()
    return this.stopping
  }

  private async drain(): Promise<StopReport> {
    this.phase = 'draining'
    const timer = this.clock.timer(() => {
      for (const slot of this.slots) slot.terminate()
    })
    timer.arm(this.config.drain.timeout + DRAIN_MARGIN)
    const cuts = await Promise.all(this.slots.map((slot) => slot.drain()))
    timer.disarm()
    this.descriptors.stop()
    clearInterval(this.keepAlive)
    this.phase = 'stopped'
    const cut = cuts.reduce<number>((sum, each) => sum + (each ?? 0), 0)
    return { cut, lost: cuts.filter((each) => each === undefined).length }
  }

  private readonly slotOwner: SlotOwner = {
    birth: (slot) => this.birth(slot),
    noticed: ({ index }, message) => this.onEvent({ type: 'notice', message: `worker ${index}: ${message}` }),
    replaced: ({ index }) => this.onEvent({ type: 'replaced', worker: index }),
    crashed: ({ index }, error, wait) => {
      this.metrics.workerCrashes.add(1)
      this.metrics.abandoned(this.memoryOf(index))
      this.onEvent({ type: 'crashed', worker: index, error, wait })
    },
  }

  private affordable(descriptors: number, workers: number): number {
    const { listeners } = this.config
    const affordable = connectionsWithin(descriptors, workers, listeners.length)
    const wanted = Math.max(...listeners.map(({ maxConnections }) => maxConnections))
    // The default is more than many systems allow.
    if (affordable < Math.min(wanted, FEW_CONNECTIONS)) {
      const message =
        `at most ${affordable} connections per listener and worker instead of ${wanted}: ` +
        `the process may open ${descriptors} file descriptors (ulimit -n, LimitNOFILE)`
      this.onEvent({ type: 'notice', message })
    }
    return affordable
  }

  private memoryOf(index: number): SharedArrayBuffer {
    return this.memories[index + 1] as SharedArrayBuffer // there is one for each slot
  }

  private birth({ index }: WorkerSlot): Omit<WorkerStart, 'heartbeat'> {
    const listeners = this.config.listeners
      .map((listener, position) => withPort(listener, this.ports[position]))
      // A path can be bound once.
      .filter(({ address }) => index === 0 || address.kind === 'tcp')
      .map((listener) => ({
        ...listener,
        maxConnections: Math.min(listener.maxConnections, this.maxConnections),
      }))
    return {
      config: { ...this.config, listeners },
      metricMemory: this.memoryOf(index),
      reusePort: this.slots.length > 1,
      replacement: this.phase === 'running',
      ticketKeys: this.ticketKeys,
    }
  }
}

function withPort(listener: ListenerConfig, port: number | undefined): ListenerConfig {
  const { address } = listener
  return address.kind === 'unix' || port === undefined
    ? listener
    : { ...listener, address: { ...address, port } }
}

/** How many workers can serve, and why that is not what is configured. */
function workerCount(config: GatewayConfig, platform: NodeJS.Platform): { count: number; notice?: string } {
  const { workers, listeners } = config
  if (workers === 1) return { count: 1 }
  if (!SPREADING.includes(platform)) {
    return { count: 1, notice: `1 worker instead of ${workers}: on ${platform}, several cannot share a port` }
  }
  if (listeners.every(({ address }) => address.kind === 'unix')) {
    return { count: 1, notice: `1 worker instead of ${workers}: several cannot share a unix socket` }
  }
  return { count: workers }
}
