import { own } from '../../message/own-options.ts'
import type { Clock } from '../../time/clock.ts'
import type { Timer } from '../../time/timer.ts'
import { probe, type Probed, type ProbeOptions } from './health-probe.ts'

/** How endpoints are checked; times in milliseconds. */
export interface HealthCheckOptions {
  readonly probe: ProbeOptions
  /** From check to check, at most: up to a tenth less, so that checks do not fall into step. Default 5,000. */
  readonly interval?: number | undefined
  /** For one check. Default 2,000. */
  readonly timeout?: number | undefined
  /** Checks in a row that must pass until an endpoint counts as healthy again. Default 2. */
  readonly healthyThreshold?: number | undefined
  /** Checks in a row that must fail until it counts as unhealthy. Default 3. */
  readonly unhealthyThreshold?: number | undefined
}

/** Told when an endpoint has become healthy or unhealthy; `reason` says why its last check failed. */
export type HealthListener = (endpoint: string, healthy: boolean, reason: string) => void

/** An endpoint as its checks see it. */
export interface Checked extends Probed {
  readonly name: string
  readonly healthy: boolean
  setHealthy(healthy: boolean): void
}

/** What came of the checks of one endpoint. */
export interface CheckStats {
  readonly passed: number
  readonly failed: number
  /** Undefined before the first. */
  readonly last: CheckOutcome | undefined
}

/** How one check ended. */
export interface CheckOutcome {
  /** When it ended, as `clock.wallTime()`. */
  readonly time: number
  /** Milliseconds that it took. */
  readonly took: number
  /** Why it failed; undefined if it passed. */
  readonly failure: string | undefined
}

const JITTER = 0.1
/** Within how long all endpoints are checked for the first time; and those that come later. Milliseconds. */
const FIRST_SPREAD = 1_000
const JOINED_SPREAD = 100

/** Asks all endpoints of an upstream, again and again, whether they are well. */
export class HealthChecker {
  private readonly options: HealthCheckOptions
  private readonly clock: Clock
  private checks: readonly EndpointCheck[]
  /** Undefined while nothing is checked. */
  private changed: HealthListener | undefined

  constructor(endpoints: readonly Checked[], given: HealthCheckOptions, clock: Clock) {
    const options = own(given)
    this.options = options
    this.clock = clock
    this.checks = endpoints.map((endpoint) => this.checkOf(endpoint))
  }

  start(changed: HealthListener = () => {}): void {
    this.changed = changed
    for (const check of this.checks) check.start(changed, FIRST_SPREAD)
  }

  /** Endpoints stay as they were found last. */
  stop(): void {
    this.changed = undefined
    for (const check of this.checks) check.stop()
  }

  /**
   * Checks these from now on. One that comes while others are well is not used before its first check: it is often not
   * ready yet when it is announced.
   */
  follow(endpoints: readonly Checked[]): void {
    const known = new Map(this.checks.map((check) => [check.endpoint, check]))
    const isServed = endpoints.some((endpoint) => known.has(endpoint) && endpoint.healthy)
    const { changed } = this
    this.checks = endpoints.map((endpoint) => {
      const check = known.get(endpoint)
      known.delete(endpoint)
      if (check !== undefined) return check
      const joined = this.checkOf(endpoint)
      if (changed === undefined) return joined
      if (isServed) endpoint.setHealthy(false)
      joined.start(changed, JOINED_SPREAD)
      return joined
    })
    for (const check of known.values()) check.stop()
  }

  private checkOf(endpoint: Checked): EndpointCheck {
    const allLost = (): boolean => this.checks.every((check) => !check.endpoint.healthy)
    return new EndpointCheck(endpoint, this.options, this.clock, allLost)
  }

  /**
   * Checks all endpoints now, also where they are not checked from time to time: what it finds counts at once, whatever the
   * thresholds say. Resolves when all have been checked.
   */
  async checkNow(): Promise<void> {
    await Promise.all(this.checks.map((check) => check.checkNow()))
  }

  /** In the order of the endpoints. */
  stats(): CheckStats[] {
    return this.checks.map(({ passed, failed, last }) => ({ passed, failed, last }))
  }
}

class EndpointCheck {
  passed = 0
  failed = 0
  last: CheckOutcome | undefined
  readonly endpoint: Checked
  private readonly probe: ProbeOptions
  private readonly interval: number
  private readonly timeout: number
  private readonly healthyThreshold: number
  private readonly unhealthyThreshold: number
  private readonly clock: Clock
  private readonly allLost: () => boolean
  private changed: HealthListener = () => {}
  private readonly timer: Timer
  private running = false
  private checking = false
  private asked: Promise<void> | undefined
  /** Checks that said the opposite of what is known, one after the other. */
  private against = 0

  constructor(endpoint: Checked, given: HealthCheckOptions, clock: Clock, allLost: () => boolean) {
    const options = own(given)
    this.endpoint = endpoint
    this.probe = options.probe
    this.interval = options.interval ?? 5_000
    this.timeout = options.timeout ?? 2_000
    this.healthyThreshold = options.healthyThreshold ?? 2
    this.unhealthyThreshold = options.unhealthyThreshold ?? 3
    this.clock = clock
    this.allLost = allLost
    this.timer = clock.timer(() => void this.check())
  }

  /** @param spread milliseconds within which the first check is made */
  start(changed: HealthListener, spread: number): void {
    this.changed = changed
    if (this.running) return
    this.running = true
    this.timer.arm(this.clock.random() * Math.min(this.interval, spread))
  }

  stop(): void {
    this.running = false
    this.timer.disarm()
  }

  /** Whoever asks meanwhile gets the same answer. */
  checkNow(): Promise<void> {
    this.asked ??= this.ask().then((outcome) => {
      this.asked = undefined
      this.judge(outcome, true)
    })
    return this.asked
  }

  private async check(): Promise<void> {
    if (this.checking) return
    this.checking = true
    const started = this.clock.now()
    const outcome = await this.ask()
    this.checking = false
    if (!this.running) return
    const wait = this.interval * (1 - JITTER * this.clock.random())
    this.timer.arm(Math.max(0, started + wait - this.clock.now()))
    this.judge(outcome, false)
  }

  private async ask(): Promise<CheckOutcome> {
    const { clock } = this
    const started = clock.now()
    const failure = await probe(this.endpoint, this.probe, this.timeout, clock)
    return { time: clock.wallTime(), took: clock.now() - started, failure }
  }

  private judge(outcome: CheckOutcome, isDecisive: boolean): void {
    const first = this.passed + this.failed === 0
    const { failure } = outcome
    const well = failure === undefined
    this.last = outcome
    if (well) this.passed++
    else this.failed++
    if (well === this.endpoint.healthy) {
      this.against = 0
      return
    }
    this.against++
    const enough = isDecisive || this.against >= (well ? this.healthyThreshold : this.unhealthyThreshold)
    // Nothing is known before the first check; and where no endpoint is left, one good sign is enough.
    if (!enough && !first && !(well && this.allLost())) return
    this.against = 0
    this.endpoint.setHealthy(well)
    // One that came and is well is no news.
    if (first && well) return
    this.changed(this.endpoint.name, well, failure ?? '')
  }
}
