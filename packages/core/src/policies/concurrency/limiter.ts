import { own } from '../../message/own-options.ts'
import { TrafficError } from '../../message/errors.ts'
import type { Exchange } from '../../message/exchange.ts'
import { type ConcurrencyLimit, FixedLimit } from './concurrency-limit.ts'
import { Waiter } from './waiter.ts'
import { WaitingLine } from './waiting-line.ts'

/** Options of `Limiter`. */
export interface LimiterOptions {
  /** For errors and statistics: what is protected. */
  readonly name: string
  /** Exchanges at the same time, or what decides on them. */
  readonly limit: number | ConcurrencyLimit
  /** How many may wait. Default 0: what does not fit is refused. */
  readonly queue?: number | undefined
  /** How long each may wait, in milliseconds; the deadline goes on meanwhile. Default 1,000. */
  readonly queueTimeout?: number | undefined
  /** Priorities are whole numbers from 0, the highest, up to but not including this. Default 3. */
  readonly classes?: number | undefined
  /** How much later in the line, in milliseconds, each class down stands. Default 1,000. */
  readonly ageing?: number | undefined
}

/** The slots of one protected thing, and those that wait for one. It may be shared by several policies. */
export class Limiter {
  /** Slots that are taken. */
  inflight = 0
  readonly limit: ConcurrencyLimit
  readonly classes: number
  private readonly name: string
  private readonly line: WaitingLine<Waiter>
  private readonly queue: number
  private readonly queueTimeout: number

  /** @throws TypeError if an option is out of range */
  constructor(given: LimiterOptions) {
    const options = own(given)
    const { limit, queue = 0, queueTimeout = 1_000, classes = 3, ageing = 1_000 } = options
    for (const [name, value, least] of [
      ['queue', queue, 0],
      ['queueTimeout', queueTimeout, 0],
      ['classes', classes, 1],
      ['ageing', ageing, 0],
    ] as const) {
      if (!(value >= least))
        throw new TypeError(`${name} of the concurrency limit is ${value}: use a number from ${least}`)
    }
    this.name = options.name
    this.limit = typeof limit === 'number' ? new FixedLimit(limit) : limit
    this.line = new WaitingLine(classes, ageing)
    this.classes = classes
    this.queue = queue
    this.queueTimeout = queueTimeout
  }

  /** How many wait. */
  get queued(): number {
    return this.line.size
  }

  /** Takes a slot, if one is free and nobody waits for it. */
  tryEnter(): boolean {
    if (!this.hasRoom() || this.line.size > 0) return false
    this.inflight++
    return true
  }

  /** Waits for a slot; rejects with `concurrency_limited`, or with the cancellation. */
  enter(exchange: Exchange, priority: number): Promise<void> {
    const { line, queueTimeout } = this
    const now = exchange.clock.now()
    if (this.queue === 0) return Promise.reject(this.refusal('and none may wait'))
    if (line.size >= this.queue) {
      const displaced = line.displace(now, priority)
      if (displaced === undefined) return Promise.reject(this.refusal(`and ${line.size} wait already`))
      displaced.fail(this.refusal('and what came with a higher priority took its place in the line'))
    }
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(exchange, line, priority, now, resolve, reject)
      line.add(waiter)
      waiter.expireIn(queueTimeout, () => this.refusal(`and none was free within ${queueTimeout} ms`))
      // The limit may have moved since anybody looked.
      this.serve()
    })
  }

  /** Gives a slot back. */
  leave(): void {
    this.inflight--
    this.serve()
  }

  /** What became of one that had a slot: the limit may have moved. */
  record(rtt: number, inflight: number, dropped: boolean): void {
    this.limit.record(rtt, inflight, dropped)
    if (this.line.size > 0) this.serve()
  }

  private serve(): void {
    while (this.line.size > 0 && this.hasRoom()) {
      this.inflight++
      this.line.shift()?.serve()
    }
  }

  private hasRoom(): boolean {
    return this.inflight < Math.max(1, Math.floor(this.limit.limit))
  }

  private refusal(why: string): TrafficError {
    const message = `all ${this.inflight} slots of ${this.name} are taken, ${why}`
    return new TrafficError('concurrency_limited', message, { phase: 'queue', replaySafe: 'unsent' })
  }
}
