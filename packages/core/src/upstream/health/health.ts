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
}

const JITTER = 0.1
/** Within how long all endpoints are checked for the first time. */
const FIRST_SPREAD = 1_000

/** Asks all endpoints of an upstream, again and again, whether they are well. */
export class HealthChecker {
  private readonly checks: readonly EndpointCheck[]

  constructor(endpoints: readonly Checked[], options: HealthCheckOptions, clock: Clock) {
    const lost = (): boolean => endpoints.every(({ healthy }) => !healthy)
    this.checks = endpoints.map((endpoint) => new EndpointCheck(endpoint, options, clock, lost))
  }

  start(changed: HealthListener = () => {}): void {
    for (const check of this.checks) check.start(changed)
  }

  /** Endpoints stay as they were found last. */
  stop(): void {
    for (const check of this.checks) check.stop()
  }

  /** In the order of the endpoints. */
  stats(): CheckStats[] {
    return this.checks.map(({ passed, failed }) => ({ passed, failed }))
  }
}

class EndpointCheck {
  passed = 0
  failed = 0
  private readonly endpoint: Checked
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
  /** Checks that said the opposite of what is known, one after the other. */
  private against = 0

  constructor(endpoint: Checked, options: HealthCheckOptions, clock: Clock, allLost: () => boolean) {
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

  start(changed: HealthListener): void {
    this.changed = changed
    if (this.running) return
    this.running = true
    this.timer.arm(this.clock.random() * Math.min(this.interval, FIRST_SPREAD))
  }

  stop(): void {
    this.running = false
    this.timer.disarm()
  }

  private async check(): Promise<void> {
    if (this.checking) return
    this.checking = true
    const started = this.clock.now()
    const failure = await probe(this.endpoint, this.probe, this.timeout, this.clock)
    this.checking = false
    if (!this.running) return
    const wait = this.interval * (1 - JITTER * this.clock.random())
    this.timer.arm(Math.max(0, started + wait - this.clock.now()))
    this.judge(failure)
  }

  private judge(failure: string | undefined): void {
    const first = this.passed + this.failed === 0
    const well = failure === undefined
    if (well) this.passed++
    else this.failed++
    if (well === this.endpoint.healthy) {
      this.against = 0
      return
    }
    this.against++
    const enough = well ? this.healthyThreshold : this.unhealthyThreshold
    // Nothing is known before the first check; and where no endpoint is left, one good sign is enough.
    if (this.against < enough && !first && !(well && this.allLost())) return
    this.against = 0
    this.endpoint.setHealthy(well)
    this.changed(this.endpoint.name, well, failure ?? '')
  }
}
