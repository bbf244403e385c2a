import type { Clock } from '@headgate/core'
import type { GatewayConfig, ListenerConfig } from '../config/config.ts'
import { resolveUpstreams } from '../config/upstreams.ts'
import { GatewayMetrics } from '../metrics.ts'
import { type Blueprint, draw } from './blueprint.ts'
import { connectionsWithin } from './descriptors.ts'
import { MetricMemories } from './metric-memories.ts'
import type { Ports, Prepare, WorkerStart } from './protocol.ts'
import { carriedPorts, rollOut, type RolloutOwner } from './rollout.ts'
import type { WorkerSlot } from './slot.ts'

/** A listener as it is bound. */
export interface BoundListener {
  readonly config: ListenerConfig
  /** Undefined for a unix socket. */
  readonly port: number | undefined
}

/** What a worker has: its configuration may be older than the one in force for a moment. */
interface Given {
  readonly blueprint: Blueprint
  /** How many parts of the metrics' layout it knows. */
  readonly segments: number
}

/** What is in force, and who has it. */
export class Deployment {
  readonly counted: MetricMemories
  blueprint: Blueprint
  /** Of the listeners in force, as far as they are known. */
  ports: Ports = []
  private readonly slots: readonly WorkerSlot[]
  private readonly clock: Clock
  private readonly descriptors: number
  private readonly given = new Map<WorkerSlot, Given>()
  private running: Promise<unknown> = Promise.resolve()

  /**
   * @param descriptors how many files the process may open
   * @throws Error if the configuration cannot be compiled
   */
  constructor(config: GatewayConfig, slots: readonly WorkerSlot[], clock: Clock, descriptors: number) {
    this.slots = slots
    this.clock = clock
    this.descriptors = descriptors
    this.counted = new MetricMemories(config, slots.length)
    this.blueprint = draw(config, this.counted.metrics, undefined, clock)
  }

  get listeners(): readonly BoundListener[] {
    return this.blueprint.config.listeners.map((config, index) => ({ config, port: this.ports[index] }))
  }

  /** The most connections of a listener and worker for which there are file descriptors. */
  affordable(config: GatewayConfig): number {
    const { length } = config.listeners
    return connectionsWithin(this.descriptors, this.slots.length, length, upstreamConnections(config))
  }

  /** What a worker that starts now is given. */
  birth(slot: WorkerSlot): Pick<WorkerStart, 'config' | 'metrics' | (keyof Blueprint & keyof WorkerStart)> {
    const { config, files, rateLimitMemory, upstreamStates } = this.blueprint
    this.given.set(slot, { blueprint: this.blueprint, segments: this.counted.size })
    const listeners = this.listenersOf(slot, config, this.ports).map(({ listener }) => listener)
    const metrics = this.counted.partsOf(slot.index)
    return { config: { ...config, listeners }, metrics, files, rateLimitMemory, upstreamStates }
  }

  /** Whether a configuration can be compiled. Throws why not. */
  tryOut(config: GatewayConfig): void {
    draw(config, new GatewayMetrics(config), this.blueprint, this.clock)
  }

  /** Puts a configuration in force everywhere. Rejects, with nothing changed, if it cannot be. One after the other. */
  apply(config: GatewayConfig): Promise<void> {
    return this.inTurn(async () => {
      this.counted.grow(config)
      const next = draw(config, this.counted.metrics, this.blueprint, this.clock)
      const ports = await carriedPorts(config.listeners, this.listeners, this.slots.length > 1)
      const listening = this.slots.filter(({ state }) => state === 'listening')
      await rollOut(listening, ports, this.ownerOf(next))
      // Those that came up while the others got ready.
      for (const slot of this.slots) this.catchUp(slot)
    })
  }

  /** Gives a worker what is in force, if it was born before that was. If it cannot take it, its successor will. */
  catchUp(slot: WorkerSlot): void {
    if (!this.isBehind(slot)) return
    void this.inTurn(async () => {
      if (this.isBehind(slot)) await rollOut([slot], this.ports, this.ownerOf(this.blueprint))
    }).catch(() => slot.terminate())
  }

  /** Of the last change to end. */
  private inTurn(change: () => Promise<void>): Promise<void> {
    const done = this.running.then(change)
    this.running = done.catch(() => {})
    return done
  }

  private isBehind(slot: WorkerSlot): boolean {
    return slot.state === 'listening' && this.given.get(slot)?.blueprint !== this.blueprint
  }

  private ownerOf(next: Blueprint): RolloutOwner {
    const asked: WorkerSlot[] = []
    return {
      prepare: (slot, ports) => {
        asked.push(slot)
        return this.prepare(slot, next, ports)
      },
      committed: (ports) => {
        const { snapshot } = this.blueprint
        this.blueprint = next
        this.ports = ports
        for (const slot of asked) this.given.set(slot, { blueprint: next, segments: this.counted.size })
        // Of this thread: they have no exchanges.
        for (const [name, { upstream }] of snapshot.upstreams) {
          if (next.snapshot.upstreams.get(name)?.upstream !== upstream) upstream.destroy()
        }
      },
    }
  }

  private prepare(
    slot: WorkerSlot,
    next: Blueprint,
    ports: Ports,
  ): { prepare: Prepare; positions: number[] } {
    const { config, files, rateLimitMemory, upstreamStates } = next
    const { blueprint, segments } = this.given.get(slot) ?? { blueprint: this.blueprint, segments: 0 }
    // Whatever comes of it, the worker knows them from now on.
    this.given.set(slot, { blueprint, segments: this.counted.size })
    const listeners = this.listenersOf(slot, config, ports)
    const prepare: Prepare = {
      type: 'prepare',
      config: { ...config, listeners: listeners.map(({ listener }) => listener), routes: [] },
      routes: Array.from(next.snapshot.routes.values(), ({ identity }) => identity),
      metrics: this.counted.partsOf(slot.index, segments),
      files,
      rateLimitMemory,
      upstreamStates,
    }
    return { prepare, positions: listeners.map(({ position }) => position) }
  }

  /** Those of one worker, with real ports where they are known, and their positions in the configuration. */
  private listenersOf(
    { index }: WorkerSlot,
    config: GatewayConfig,
    ports: Ports,
  ): { listener: ListenerConfig; position: number }[] {
    const most = this.affordable(config)
    return (
      config.listeners
        .map((listener, position) => ({
          listener: {
            ...withPort(listener, ports[position]),
            maxConnections: Math.min(listener.maxConnections, most),
          },
          position,
        }))
        // A path can be bound once.
        .filter(({ listener }) => index === 0 || listener.address.kind === 'tcp')
    )
  }
}

function withPort(listener: ListenerConfig, port: number | undefined): ListenerConfig {
  const { address } = listener
  return address.kind === 'unix' || port === undefined
    ? listener
    : { ...listener, address: { ...address, port } }
}

/** The most connections that one worker opens to all upstreams. */
function upstreamConnections(config: GatewayConfig): number {
  let total = 0
  for (const { endpoints, pool } of resolveUpstreams(config).values())
    total += endpoints.length * pool.maxConnections
  return total
}
