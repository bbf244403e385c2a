import { own } from '../message/own-options.ts'
import type { TrafficError } from '../message/errors.ts'
import type { Exchange } from '../message/exchange.ts'
import type { Handler } from '../message/handler.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import { type BalanceOptions, goesByLatency, makeBalancer } from './balance/balance.ts'
import type { Balancer } from './balance/balancer.ts'
import { StickySessions, type StickyOptions } from './balance/balance-sticky.ts'
import type { ConnectionOptions, EndpointOptions } from './endpoint/endpoint-open.ts'
import type { EndpointGate } from './endpoint/endpoint-gate.ts'
import { EndpointSet, type EndpointSetOptions } from './endpoint/endpoint-set.ts'
import type { EndpointStats } from './endpoint/endpoint-stats.ts'
import type { Endpoint } from './endpoint/endpoint.ts'
import { EndpointWatch } from './endpoint/endpoint-watch.ts'
import { noneLeft } from './endpoint/none-left.ts'
import { Membership, type MembershipChange, type UpstreamState } from './endpoint/membership.ts'
import { HealthChecker, type HealthCheckOptions, type HealthListener } from './health/health.ts'
import { OutlierDetector, type OutlierOptions } from './health/outlier.ts'
import { composeSteps, upstreamSteps, type UpstreamStep } from './steps.ts'

export type { EndpointOptions } from './endpoint/endpoint-open.ts'
export type { OpenConnection } from './endpoint/open-connection.ts'
export type { EndpointStats } from './endpoint/endpoint-stats.ts'
export type { MembershipChange, UpstreamState } from './endpoint/membership.ts'

export interface UpstreamOptions extends ConnectionOptions, EndpointSetOptions {
  readonly name: string
  /** May be none: then exchanges fail until `setEndpoints` gives it some. */
  readonly endpoints: readonly EndpointOptions[]
  /** Default: in turns, by weight. */
  readonly balance?: BalanceOptions | undefined
  /** Holds each client to one endpoint; not by default. */
  readonly sticky?: StickyOptions | undefined
  /** Leaves endpoints alone that fail; not by default, and never the only one. */
  readonly outliers?: OutlierOptions | undefined
  /** Makes what lets exchanges through to an endpoint, by its name, as a circuit breaker of its own; nothing by default. */
  readonly gate?: ((endpoint: string) => EndpointGate) | undefined
  /** How endpoints are checked once `startChecks` is called; not by default. */
  readonly health?: HealthCheckOptions | undefined
  /**
   * Of the same upstream in another thread, which says who its endpoints are, and shares marks, weights and health with this
   * one. Default: none; this thread says it.
   */
  readonly state?: UpstreamState | undefined
}

/** A named group of endpoints that an exchange can be sent to. */
export class Upstream {
  readonly name: string
  /** What it does with each attempt, outermost first. */
  readonly steps: readonly UpstreamStep[]
  /** Sends the exchange to an endpoint: on a further attempt to another than before, if there is one. */
  readonly handler: Handler
  private readonly members: Membership
  private readonly set: EndpointSet
  private readonly sticky: StickySessions<Endpoint> | undefined
  private readonly outliers: OutlierOptions | undefined
  private detector: OutlierDetector | undefined
  /** Whether latencies are measured. */
  private readonly timed: boolean
  private readonly time: Clock
  private readonly makeGate: UpstreamOptions['gate']
  private readonly checker: HealthChecker | undefined
  /** Milliseconds in which an endpoint may come back. */
  private readonly recovery: number

  /** @throws TypeError if no endpoint has a weight, or an option is not valid */
  constructor(given: UpstreamOptions) {
    const options = own(given)
    const { clock = systemClock, balance = { method: 'round-robin' }, sticky, outliers, health } = options
    if (options.endpoints.length > 0 && options.endpoints.every((endpoint) => own(endpoint).weight === 0)) {
      throw new TypeError(`upstream ${options.name} needs at least one endpoint with a weight above 0`)
    }
    this.name = options.name
    this.time = clock
    this.outliers = outliers
    this.timed = goesByLatency(balance)
    this.members = new Membership(options.endpoints, options, options.state)
    const { endpoints, flags } = this.members
    const balancer = (): Balancer<Endpoint> => makeBalancer(balance, clock)
    this.set = new EndpointSet(endpoints, flags, balancer, clock, options)
    this.sticky = sticky && new StickySessions(endpoints, sticky)
    this.makeGate = options.gate
    this.putGates()
    this.checker = health && new HealthChecker(endpoints, health, clock)
    this.watch()
    this.recovery = health === undefined ? 1_000 : (health.interval ?? 5_000)
    this.steps = upstreamSteps(options)
    const send = composeSteps(this.steps, {
      sticky: this.sticky,
      choose: (exchange, held) => this.choose(exchange, held),
      noneLeft: (exchange) => this.noneLeft(exchange),
      endpointNamed: (each) => this.endpointNamed(each),
    })
    // Given up while a policy was at it: an idle connection would be used up for nothing.
    this.handler = (exchange) =>
      exchange.cancellation === undefined ? send(exchange, undefined) : Promise.reject(exchange.cancellation)
  }

  get endpoints(): readonly Endpoint[] {
    return this.members.endpoints
  }

  /** To be given to the same upstream in other threads, and again after each change of the endpoints. */
  get state(): UpstreamState {
    return this.members.state
  }

  /**
   * These are its endpoints from now on. Those that it has already go on as they are, but for their weight; those that are
   * new start slowly, if they are to; exchanges at those that leave finish.
   * @throws TypeError, with nothing changed, if one of them is not valid, or the upstream has its state from another thread
   */
  setEndpoints(endpoints: readonly EndpointOptions[]): MembershipChange {
    const before = this.endpoints
    return this.followed(before, this.members.set(endpoints))
  }

  /** Has the endpoints that the upstream has in the thread that says so. */
  follow(state: UpstreamState): void {
    const { endpoints } = this
    const change = this.members.follow(state)
    if (change !== undefined) this.followed(endpoints, change)
  }

  /** All threads have the endpoints that were set last: what they share of those that have left may be used again. */
  reclaim(): void {
    this.members.reclaim()
  }

  /** Sends no further exchange on the connections that there are, as when their certificate is another one now; what is under way finishes. */
  renewConnections(): void {
    for (const { pool } of this.all()) pool.renew()
  }

  stats(): EndpointStats[] {
    const checks = this.checker?.stats()
    const { endpoints } = this.members
    return this.all().map((endpoint, index) => ({
      id: endpoint.id,
      endpoint: endpoint.name,
      status: index < endpoints.length ? endpoint.status : 'left',
      available: this.set.uses(endpoint) ? 1 : 0,
      panics: endpoint.panics,
      priority: endpoint.priority,
      zone: endpoint.zone,
      levelShare: this.set.levelShare(endpoint) ?? 0,
      spills: endpoint.spills,
      ejections: endpoint.record?.ejections ?? 0,
      consecutiveFailures: endpoint.record?.consecutive ?? 0,
      checksPassed: checks?.[index]?.passed ?? 0,
      checksFailed: checks?.[index]?.failed ?? 0,
      lastCheck: checks?.[index]?.last,
      ...endpoint.pool.stats(),
    }))
  }

  private choose(exchange: Exchange, held: Endpoint | undefined): Endpoint | undefined {
    const tried = exchange.attempts > 1 ? this.triedBy(exchange) : undefined
    const endpoint = this.set.pick(exchange, tried, held)
    if (endpoint === undefined) return undefined
    exchange.endpoint = endpoint.name
    exchange.choices = this.set.size
    if (!exchange.preserveHost) exchange.request.authority = endpoint.authority
    // Where no retry policy counts, there is one.
    if (exchange.attempts === 0) exchange.attempts = 1
    return endpoint
  }

  /** What a further try is to avoid, the last one last; undefined if it is nothing of this upstream's. */
  private triedBy({ endpoint, tried }: Exchange): Endpoint[] | undefined {
    const names = tried === undefined ? [endpoint] : [...tried, endpoint]
    const endpoints = names.flatMap((name) => this.endpointNamed(name) ?? [])
    return endpoints.length === 0 ? undefined : endpoints
  }

  /** An endpoint, to be marked or weighed; undefined if there is none of that name. */
  endpointNamed(name: string): Endpoint | undefined {
    for (const endpoint of this.members.endpoints) if (endpoint.name === name) return endpoint
    return undefined
  }

  /** Checks the endpoints from now on, if `health` says how. In one of the threads that share the state is enough. */
  startChecks(changed?: HealthListener): void {
    this.checker?.start(changed)
  }

  /** Endpoints stay as they were found last. */
  stopChecks(): void {
    this.checker?.stop()
  }

  /** Whether `health` says how endpoints are checked. */
  get isChecked(): boolean {
    return this.checker !== undefined
  }

  /** Checks all endpoints now, also where checks were stopped: what it finds counts at once. See `EndpointStats.lastCheck`. */
  async checkNow(): Promise<void> {
    await this.checker?.checkNow()
  }

  /**
   * For one that has a successor: no new exchange will come, but those that were on their way are served, retries included.
   * Its connections end with them.
   */
  retire(): void {
    this.stopTimers()
    for (const { pool } of this.all()) pool.retire()
  }

  /** Takes no more exchanges, and resolves when those it has are finished and all connections closed. */
  async drain(): Promise<void> {
    this.stopTimers()
    await Promise.all(this.all().map(({ pool }) => pool.drain()))
  }

  /** Closes all connections now. */
  destroy(): void {
    this.stopTimers()
    for (const { pool } of this.all()) pool.destroy()
  }

  /** Everything that looks at the endpoints looks at these. */
  private followed(before: readonly Endpoint[], change: MembershipChange): MembershipChange {
    const { endpoints } = this.members
    const staying = new Set(endpoints)
    for (const each of before) if (!staying.has(each)) each.gate?.stop()
    this.putGates()
    this.sticky?.follow(endpoints)
    this.checker?.follow(endpoints)
    this.watch()
    this.set.follow(endpoints)
    return change
  }

  /** Nobody looks at how the only endpoint fails: it is never left alone. */
  private watch(): void {
    const { endpoints } = this.members
    const { outliers, time: clock, timed } = this
    const compared = outliers !== undefined && endpoints.length > 1
    const known = this.detector
    if (compared) this.detector ??= new OutlierDetector([], outliers, clock, () => this.set.update())
    this.detector?.follow(endpoints)
    for (const each of endpoints) {
      if (known !== this.detector || (!timed && !compared)) each.watch = undefined
      if (timed || compared) each.watch ??= new EndpointWatch(each, this.detector, timed, clock)
    }
  }

  /** Those that have left and are not finished, too. */
  private all(): readonly Endpoint[] {
    return [...this.members.endpoints, ...this.members.finishing()]
  }

  private putGates(): void {
    const { makeGate } = this
    if (makeGate === undefined) return
    for (const endpoint of this.endpoints) {
      if (endpoint.gate !== undefined) continue
      endpoint.gate = makeGate(endpoint.name)
      endpoint.gate.changed = () => this.set.update()
    }
  }

  private stopTimers(): void {
    for (const { gate } of this.endpoints) gate?.stop()
    this.checker?.stop()
    this.detector?.stop()
    this.set.stop()
  }

  private noneLeft({ clock }: Exchange): TrafficError {
    return noneLeft(this.name, this.endpoints, this.recovery, clock.now())
  }
}
