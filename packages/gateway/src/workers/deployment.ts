import { type Clock, MetricRegistry } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { EndpointMetrics } from '../upstreams/endpoint-metrics.ts'
import { type Blueprint, draw } from './blueprint.ts'
import { EndpointLists } from '../discovery/endpoint-lists.ts'
import { putInForce, statesOf, UPSTREAM, useClientCertificates } from '../upstreams/upstreams.ts'
import { connectionsWithin, upstreamConnections } from './descriptors.ts'
import { type BoundListener, listenersOf } from './start-slots.ts'
import type { Ports, Prepare, WorkerQuestion, WorkerStart } from './protocol.ts'
import { carriedPorts, rollOut, type RolloutOwner } from './rollout.ts'
import { WorkerGone } from './questions.ts'
import type { WorkerSlot } from './slot.ts'
import { startFailure } from './start-failure.ts'
import {
  type Authorities,
  AUTHORITIES,
  trustConfigs,
  trustFiles,
} from '../features/client-certificates/authorities.ts'
import { certificateFiles } from '../features/tls/certificate.ts'
import { type Certificates, CERTIFICATES, certificateConfigs } from '../features/tls/certificates.ts'
import { type ChallengeAnswers, CHALLENGES } from '../features/tls/challenges.ts'
import type { TlsMaterial } from '../listen/listen.ts'
import { TICKET_KEYS, type TicketKeys } from '../features/tls/session-tickets.ts'
import { managedIdentities } from '../features/tls/managed.ts'
import { digestsOf } from '../identity.ts'
import { GEO, type GeoFile } from '../features/geo/geo-files.ts'

/** What a worker has: its configuration may be older than the one in force for a moment. */
interface Given {
  readonly blueprint: Blueprint
  /** How many series it knows. */
  readonly series: number
}

/** What is in force, and who has it. */
export class Deployment {
  /** Of all threads: it is here that it is said where which series lies. */
  readonly metrics: MetricRegistry = new MetricRegistry()
  readonly endpointMetrics: EndpointMetrics = new EndpointMetrics(this.metrics)
  readonly lists: EndpointLists
  blueprint: Blueprint
  /** Of the listeners in force, as far as they are known. */
  ports: Ports = []
  private readonly slots: readonly WorkerSlot[]
  private readonly clock: Clock
  private readonly descriptors: number
  private readonly report: (message: string) => void
  private readonly given = new Map<WorkerSlot, Given>()
  private running: Promise<unknown> = Promise.resolve()

  /**
   * @param descriptors how many files the process may open
   * @param report told what becomes of discovery
   * @throws Error if the configuration cannot be compiled
   */
  constructor(
    config: GatewayConfig,
    slots: readonly WorkerSlot[],
    clock: Clock,
    descriptors: number,
    report: (message: string) => void = () => {},
  ) {
    this.slots = slots
    this.clock = clock
    this.descriptors = descriptors
    this.report = report
    this.lists = new EndpointLists({
      clock,
      metrics: this.metrics,
      report,
      changed: () => {
        this.refreshEndpoints().catch((error: unknown) =>
          report(`endpoints stay as they are: ${String(error)}`),
        )
      },
    })
    this.blueprint = this.draw(config)
  }

  /** Has workers that are born from now on serve these certificates besides those of files. */
  useManaged(certificates: Certificates): void {
    const all = new Map([...this.certificates, ...certificates])
    this.blueprint = { ...this.blueprint, shared: this.blueprint.shared.with(CERTIFICATES, [['', all]]) }
  }

  /** Looks for endpoints from now on. Resolves when those are known with which workers can start. */
  async discover(): Promise<void> {
    const { config } = this.blueprint
    this.lists.settle(config)
    await this.lists.discovery.ready(config)
    await this.refreshEndpoints()
  }

  /** Has all workers have the endpoints that were found, or set by hand, by now. In turn with changes. */
  refreshEndpoints(): Promise<void> {
    return this.changeEndpoints(() => {})
  }

  /** Changes what is set by hand, and has all workers have it. */
  changeEndpoints<Result>(change: (lists: EndpointLists) => Result): Promise<Result> {
    return this.inTurn(async () => {
      const result = change(this.lists)
      await this.spreadEndpoints()
      return result
    })
  }

  private async spreadEndpoints(): Promise<void> {
    const before = this.blueprint
    const { config, snapshot } = before
    const changed = this.lists.refresh(config, snapshot.upstreams)
    if (changed.size === 0) return
    this.endpointMetrics.layOut(snapshot.upstreams)
    const states = statesOf(new Map([...snapshot.upstreams].filter(([name]) => changed.has(name))))
    this.blueprint = { ...before, shared: before.shared.with(UPSTREAM, states) }
    const heard = await Promise.all(
      this.slots.map((slot) =>
        this.tell(slot, before, ({ series }) => {
          return { type: 'use-endpoints', upstreamStates: states, series: this.metrics.since(series) }
        }),
      ),
    )
    if (!heard.every(Boolean)) return
    for (const upstream of changed.values()) upstream.reclaim()
  }

  get listeners(): readonly BoundListener[] {
    return this.blueprint.config.listeners.map((config, index) => ({ config, port: this.ports[index] }))
  }

  /** The databases of addresses in force. */
  get geo(): readonly GeoFile[] {
    return this.blueprint.shared.find(GEO, '') ?? []
  }

  /** The certificates in force. */
  get certificates(): Certificates {
    return this.blueprint.shared.find(CERTIFICATES, '') ?? new Map()
  }

  /** Those in force that sign clients' certificates. */
  get authorities(): Authorities {
    return this.blueprint.shared.find(AUTHORITIES, '') ?? new Map()
  }

  /** The most connections of a listener and worker for which there are file descriptors. */
  affordable(config: GatewayConfig): number {
    const { length } = config.listeners
    return connectionsWithin(
      this.descriptors,
      this.slots.length,
      length,
      upstreamConnections(config, this.lists.discovery),
    )
  }

  /** What a worker that starts now is given. */
  birth(slot: WorkerSlot): Pick<WorkerStart, 'config' | 'metrics' | 'shared'> {
    const { config, shared } = this.blueprint
    this.given.set(slot, { blueprint: this.blueprint, series: this.metrics.size })
    const listeners = listenersOf(slot, config, this.ports, this.affordable(config)).map(
      ({ listener }) => listener,
    )
    return {
      config: { ...config, listeners },
      metrics: this.metrics.share(slot.index),
      shared: shared.data,
    }
  }

  private draw(config: GatewayConfig, previous?: Blueprint, managed?: Certificates): Blueprint {
    const blueprint = draw(config, this.metrics, previous, this.clock, this.lists, managed)
    this.endpointMetrics.layOut(blueprint.snapshot.upstreams)
    return blueprint
  }

  /** Whether a configuration can be compiled. Throws why not. */
  tryOut(config: GatewayConfig): void {
    draw(config, new MetricRegistry(), this.blueprint, this.clock, this.lists)
  }

  /**
   * Puts a configuration in force everywhere. Rejects, with nothing changed, if it cannot be. One after the other.
   * @param managed makes the certificates that are in no file of it
   */
  apply(
    config: GatewayConfig,
    managed: (config: GatewayConfig) => Promise<Certificates> = async () => new Map(),
  ): Promise<void> {
    return this.inTurn(async () => {
      await this.lists.discovery.ready(config)
      const next = this.draw(config, this.blueprint, await managed(config))
      const ports = await carriedPorts(config.listeners, this.listeners, this.slots.length > 1)
      const listening = this.slots.filter(({ state }) => state === 'listening')
      await rollOut(listening, ports, this.ownerOf(next))
      // Those that came up while the others got ready.
      for (const slot of this.slots) this.catchUp(slot)
      // Also where it was refused: what it named is looked for no more.
    }).finally(() => this.guarded(() => this.lists.settle(this.blueprint.config)))
  }

  /** Puts a database of addresses in force in all workers, in place of the one with the same path. In turn with changes. */
  replaceGeo(file: GeoFile): Promise<void> {
    return this.inTurn(async () => {
      const before = this.blueprint
      const geo = this.geo.map((each) => (each.path === file.path ? file : each))
      this.blueprint = { ...before, shared: before.shared.with(GEO, [['', geo]]) }
      await Promise.all(this.slots.map((slot) => this.tell(slot, before, () => ({ type: 'use-geo', geo }))))
    })
  }

  /** Has all workers answer authorities that look whether a name is ours; resolves when they do. In turn with changes. */
  useChallenges(answers: ChallengeAnswers): Promise<void> {
    return this.inTurn(async () => {
      const before = this.blueprint
      this.blueprint = { ...before, shared: before.shared.with(CHALLENGES, [['', answers]]) }
      const question = { type: 'use-challenges', answers } as const
      await Promise.all(this.slots.map((slot) => this.tell(slot, before, () => question)))
    })
  }

  /** Has all workers make and accept tickets of sessions with these keys. In turn with changes. */
  useTicketKeys(keys: TicketKeys): Promise<void> {
    return this.inTurn(async () => {
      const before = this.blueprint
      this.blueprint = { ...before, shared: before.shared.with(TICKET_KEYS, [['', keys]]) }
      const question = { type: 'use-ticket-keys', keys } as const
      await Promise.all(this.slots.map((slot) => this.tell(slot, before, () => question)))
    })
  }

  /**
   * Puts certificates and authorities in force in all workers, in place of those of the same setting. In turn with changes.
   * @param gone certificates that are served no more
   */
  replaceTlsMaterial(renewed: Partial<TlsMaterial>, gone: readonly string[] = []): Promise<void> {
    return this.inTurn(async () => {
      const before = this.blueprint
      const { config } = before
      const managed = config.listeners.flatMap(({ tls }) => (tls === undefined ? [] : managedIdentities(tls)))
      // A setting that has left the configuration meanwhile has none.
      const certificates = among(certificateConfigs(config), renewed.certificates, managed)
      const authorities = among(trustConfigs(config), renewed.authorities)
      const paths = [
        ...certificates.settings.flatMap((each) => certificateFiles(each)),
        ...authorities.settings.flatMap((each) => trustFiles(each)),
      ]
      const served = new Map([...this.certificates, ...certificates.renewed])
      for (const identity of gone) served.delete(identity)
      this.blueprint = {
        ...before,
        files: new Map([...before.files, ...digestsOf(paths)]),
        shared: before.shared
          .with(CERTIFICATES, [['', served]])
          .with(AUTHORITIES, [['', new Map([...this.authorities, ...authorities.renewed])]]),
      }
      useClientCertificates(before.snapshot.upstreams, certificates.renewed)
      const material = { certificates: certificates.renewed, authorities: authorities.renewed }
      const question = { type: 'use-tls-material', material, gone } as const
      await Promise.all(this.slots.map((slot) => this.tell(slot, before, () => question)))
    })
  }

  /**
   * Tells a worker what changes beside the configuration. The others get it when they catch up.
   * @returns whether nothing in the slot has what was before any more
   */
  private async tell(
    slot: WorkerSlot,
    before: Blueprint,
    questionFor: (given: Given) => WorkerQuestion,
  ): Promise<boolean> {
    const given = this.given.get(slot)
    if (given === undefined) return true
    if (slot.state !== 'listening' || given.blueprint !== before) return false
    const question = questionFor(given)
    const series = 'series' in question ? this.metrics.size : given.series
    this.given.set(slot, { blueprint: this.blueprint, series })
    try {
      await slot.ask(question)
      return true
    } catch (error) {
      // Its successor will take it.
      if (!(error instanceof WorkerGone)) slot.terminate()
      return false
    }
  }

  /** Gives a worker what is in force, if it was born before that was. If it cannot take it, its successor will. */
  catchUp(slot: WorkerSlot): void {
    if (!this.isBehind(slot)) return
    void this.inTurn(async () => {
      if (this.isBehind(slot)) await rollOut([slot], this.ports, this.ownerOf(this.blueprint))
    }).catch(() => slot.terminate())
  }

  /** What is put in order once the configuration is in force, or refused, does not change that. */
  private guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.report(`after a change of the configuration: ${startFailure(error).message}`)
    }
  }

  /** Of the last change to end. */
  private inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
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
        const { upstreams } = next.snapshot
        const changed = putInForce(snapshot.upstreams, upstreams, this.lists)
        useClientCertificates(upstreams, next.shared.find(CERTIFICATES, '') ?? new Map())
        // One that only catches up changes nothing for the others.
        if (next !== this.blueprint)
          this.blueprint = { ...next, shared: next.shared.with(UPSTREAM, statesOf(upstreams)) }
        this.ports = ports
        for (const slot of asked)
          this.given.set(slot, { blueprint: this.blueprint, series: this.metrics.size })
        this.guarded(() => next.snapshot.kept.settle())
        return changed
      },
      uncommitted: (slot, reason) => {
        const { message } = startFailure(reason)
        this.report(
          `worker ${slot.index} could not put the configuration in force, and is replaced: ${message}`,
        )
        // Its successor is born with it.
        slot.terminate()
      },
    }
  }

  private prepare(
    slot: WorkerSlot,
    next: Blueprint,
    ports: Ports,
  ): { prepare: Prepare; positions: number[] } {
    const { config, shared } = next
    const { blueprint, series } = this.given.get(slot) ?? { blueprint: this.blueprint, series: 0 }
    // Whatever comes of it, the worker knows them from now on.
    this.given.set(slot, { blueprint, series: this.metrics.size })
    const listeners = listenersOf(slot, config, ports, this.affordable(config))
    const prepare: Prepare = {
      type: 'prepare',
      config: { ...config, listeners: listeners.map(({ listener }) => listener), routes: [] },
      routes: Array.from(next.snapshot.routes.values(), ({ identity }) => identity),
      series: this.metrics.since(series),
      shared: shared.data,
    }
    return { prepare, positions: listeners.map(({ position }) => position) }
  }
}

/**
 * What of it is still in the configuration, and its settings.
 * @param others what is there without a setting of its own
 */
function among<Setting, Loaded>(
  settings: ReadonlyMap<string, Setting>,
  renewed: ReadonlyMap<string, Loaded> = new Map(),
  others: readonly string[] = [],
): { readonly settings: Setting[]; readonly renewed: ReadonlyMap<string, Loaded> } {
  const left = [...renewed].filter(([identity]) => settings.has(identity) || others.includes(identity))
  return { settings: left.flatMap(([identity]) => settings.get(identity) ?? []), renewed: new Map(left) }
}
