import {
  type CircuitState,
  DURATION_BOUNDS,
  type ErrorCode,
  type Exchange,
  Histogram,
  originKey,
  type Outcome,
  type PoolStats,
} from '@headgate/core'

/** What is known of the calls to one origin, since the client was made; of the pool, at this moment. */
export interface OriginFigures {
  readonly origin: string
  /** Calls under way. */
  readonly active: number
  readonly calls: number
  readonly attempts: number
  readonly retries: number
  readonly hedges: number
  /** By `1xx` to `5xx`. */
  readonly responses: Readonly<Record<string, number>>
  readonly errors: Readonly<Partial<Record<ErrorCode, number>>>
  /** Bytes of content. */
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Seconds from the call to the end of its response. */
  readonly duration: DurationFigures
  /** Undefined where no connection was made yet. */
  readonly pool: PoolStats | undefined
  readonly circuit: CircuitState | undefined
}

export interface DurationFigures {
  readonly count: number
  readonly sum: number
  /** How many took no longer than each bound, cumulated as in Prometheus. */
  readonly buckets: readonly { readonly bound: number; readonly count: number }[]
}

/** What is counted of the calls to one origin. */
export class OriginCounts {
  active = 0
  calls = 0
  attempts = 0
  retries = 0
  hedges = 0
  bytesSent = 0
  bytesReceived = 0
  readonly responses: number[] = [0, 0, 0, 0, 0, 0]
  readonly errors: Map<ErrorCode, number> = new Map()
  private readonly slots = new Float64Array(DURATION_BOUNDS.length + 2)
  private readonly histogram = new Histogram(this.slots, 0, DURATION_BOUNDS)

  begin(): void {
    this.active++
    this.calls++
  }

  end(exchange: Exchange, { status, error, bytesSent, bytesReceived }: Outcome): void {
    this.active--
    this.histogram.record((exchange.clock.now() - exchange.startedAt) / 1000)
    this.bytesSent += bytesSent
    this.bytesReceived += bytesReceived
    if (status !== undefined) {
      // What is no status of HTTP counts as one of 5xx (RFC 9110 15).
      const digit = Math.min(5, Math.floor(status / 100))
      this.responses[digit] = (this.responses[digit] ?? 0) + 1
    }
    if (error !== undefined) this.errors.set(error.code, (this.errors.get(error.code) ?? 0) + 1)
  }

  /** All of it, as it stands now. */
  get figures(): Omit<OriginFigures, 'origin' | 'pool' | 'circuit'> {
    const { active, calls, attempts, retries, hedges, bytesSent, bytesReceived, duration } = this
    const responses = Object.fromEntries(this.responses.map((count, digit) => [`${digit}xx`, count]).slice(1))
    const errors = Object.fromEntries(this.errors)
    return { active, calls, attempts, retries, hedges, responses, errors, bytesSent, bytesReceived, duration }
  }

  private get duration(): DurationFigures {
    let count = 0
    const buckets = DURATION_BOUNDS.map((bound, index) => {
      count += this.slots[index] ?? 0
      return { bound, count }
    })
    const above = this.slots[DURATION_BOUNDS.length] ?? 0
    return { count: count + above, sum: this.slots[DURATION_BOUNDS.length + 1] ?? 0, buckets }
  }
}

/** A crawler meets very many origins: the figures of those beyond this number are kept under one name. */
const MAX_ORIGINS = 1_000
const OTHERS = 'others'

/** The counts of each origin. */
export class OriginMetrics {
  private readonly counts = new Map<string, OriginCounts>()
  private lastOrigin = ''
  private last: OriginCounts | undefined

  of(exchange: Exchange): OriginCounts {
    const origin = originKey(exchange)
    // Calls come in runs to one origin.
    if (origin === this.lastOrigin && this.last !== undefined) return this.last
    this.lastOrigin = origin
    this.last = this.counts.get(origin) ?? this.add(origin)
    return this.last
  }

  [Symbol.iterator](): IterableIterator<[origin: string, counts: OriginCounts]> {
    return this.counts.entries()
  }

  private add(origin: string): OriginCounts {
    const name = this.counts.size < MAX_ORIGINS ? origin : OTHERS
    const counts = this.counts.get(name) ?? new OriginCounts()
    this.counts.set(name, counts)
    return counts
  }
}
