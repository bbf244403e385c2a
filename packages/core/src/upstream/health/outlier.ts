import { own } from '../../message/own-options.ts'
import type { TrafficError } from '../../message/errors.ts'
import type { Clock } from '../../time/clock.ts'
import type { Timer } from '../../time/timer.ts'
import { isOutlier, type SuccessRateOptions, successRateLimit } from './outlier-rate.ts'
import { OutlierRecord } from './outlier-record.ts'

/** When an endpoint that fails is left alone for a while; times in milliseconds. */
export interface OutlierOptions {
  /** This many failures in a row; 0: these do not matter. Default 5. */
  readonly consecutiveFailures?: number | undefined
  /** Statuses that count as failures, beside connections that fail or break and timeouts; of gRPC, by `judgedStatus`. Default 502, 503 and 504. */
  readonly statuses?: readonly number[] | undefined
  /** A rate of successes far below that of the others; false, the default: rates do not matter. */
  readonly successRate?: false | SuccessRateOptions | undefined
  /** How often rates are compared. Default 10,000. */
  readonly interval?: number | undefined
  /** How long the first ejection lasts; the second twice as long, the third three times, and so on. Default 30,000. */
  readonly ejectionTime?: number | undefined
  /** The longest ejection. Default 300,000. */
  readonly maxEjectionTime?: number | undefined
  /** At most this percentage of the endpoints is ejected at a time, rounded down. Default 50. */
  readonly maxEjectionPercent?: number | undefined
}

const OUTLIER_STATUSES: readonly number[] = [502, 503, 504]

/** An ejection lasts up to this much longer, so that those ejected together do not return together. */
const JITTER = 0.1

interface Watched {
  record: OutlierRecord | undefined
}

/**
 * Finds the endpoints that fail where others do not, and leaves them alone for a while ("outlier ejection" in Envoy). It goes by
 * the exchanges alone, and sends none of its own.
 */
export class OutlierDetector {
  private records: readonly OutlierRecord[] = []
  private readonly clock: Clock
  private readonly changed: () => void
  private readonly consecutiveFailures: number
  private readonly statuses: readonly number[]
  private readonly successRate: SuccessRateOptions | undefined
  private readonly interval: number
  private readonly ejectionTime: number
  private readonly maxEjectionTime: number
  private readonly maxEjectionPercent: number
  private mostEjected = 0
  private readonly comparison: Timer
  /** Whether the timer runs, or none is needed. */
  private comparing: boolean

  /**
   * @param endpoints each is given a record
   * @param changed called when an endpoint was ejected, or is back
   */
  constructor(endpoints: readonly Watched[], given: OutlierOptions, clock: Clock, changed: () => void) {
    const options = own(given)
    this.clock = clock
    this.changed = changed
    this.consecutiveFailures = (options.consecutiveFailures ?? 5) || Infinity
    this.statuses = options.statuses ?? OUTLIER_STATUSES
    this.successRate = options.successRate ? own(options.successRate) : undefined
    this.comparing = this.successRate === undefined
    this.interval = options.interval ?? 10_000
    this.ejectionTime = options.ejectionTime ?? 30_000
    this.maxEjectionTime = options.maxEjectionTime ?? 300_000
    this.maxEjectionPercent = options.maxEjectionPercent ?? 50
    this.comparison = clock.timer(() => this.compare())
    this.follow(endpoints)
  }

  /** Looks at these from now on; those that it knows keep their records, and one that is alone is never ejected. */
  follow(endpoints: readonly Watched[]): void {
    const { length } = endpoints
    this.mostEjected = length > 1 ? Math.floor((length * this.maxEjectionPercent) / 100) : 0
    const before = new Set(this.records)
    this.records = endpoints.map((endpoint) => (endpoint.record ??= new OutlierRecord()))
    for (const record of this.records) before.delete(record)
    for (const { timer } of before) timer?.disarm()
  }

  /** A response came. */
  responded(record: OutlierRecord, status: number): void {
    if (status >= 400 && this.statuses.includes(status)) return this.failed(record)
    record.consecutive = 0
    record.successes++
    if (!this.comparing) this.startComparing()
  }

  /** None came. Only what is the endpoint's doing counts: not that a client left, nor that a deadline was short. */
  rejected(record: OutlierRecord, error: TrafficError): void {
    // A connection that was closed while it lay idle tells nothing of the endpoint.
    if (error.source === 'upstream' && !error.staleConnection) this.failed(record)
  }

  stop(): void {
    this.comparison.disarm()
    for (const { timer } of this.records) timer?.disarm()
  }

  private failed(record: OutlierRecord): void {
    record.consecutive++
    record.failures++
    if (!this.comparing) this.startComparing()
    if (record.consecutive >= this.consecutiveFailures) this.eject(record)
  }

  private eject(record: OutlierRecord): void {
    if (record.ejected || this.records.filter(({ ejected }) => ejected).length >= this.mostEjected) return
    const now = this.clock.now()
    // Who did well for as long as an ejection takes is forgiven one.
    const forgiven = Math.floor((now - record.returnedAt) / this.ejectionTime)
    // Not beyond the longest one: else who was down for a day would not be forgiven for hours.
    const most = Math.max(1, Math.ceil(this.maxEjectionTime / this.ejectionTime))
    record.severity = Math.min(Math.max(0, record.severity - forgiven) + 1, most)
    record.ejected = true
    record.ejections++
    record.timer ??= this.clock.timer(() => this.restore(record))
    const time = Math.min(this.ejectionTime * record.severity, this.maxEjectionTime)
    record.timer.arm(time * (1 + JITTER * this.clock.random()))
    this.changed()
  }

  private restore(record: OutlierRecord): void {
    record.ejected = false
    record.returnedAt = this.clock.now()
    record.consecutive = 0
    record.successes = 0
    record.failures = 0
    this.changed()
  }

  /** A timer only while there is traffic. */
  private startComparing(): void {
    this.comparing = true
    this.comparison.arm(this.interval)
  }

  private compare(): void {
    this.comparing = false
    const options = this.successRate
    if (options === undefined) return
    const present = this.records.filter(({ ejected }) => !ejected)
    const limit = successRateLimit(present, options)
    if (limit !== undefined) {
      for (const record of present) if (isOutlier(record, limit, options)) this.eject(record)
    }
    for (const record of this.records) {
      record.successes = 0
      record.failures = 0
    }
  }
}
