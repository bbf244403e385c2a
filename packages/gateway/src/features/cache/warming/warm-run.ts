import type { Clock, Timer } from '@headgate/core'
import type { WarmListConfig } from './setting.ts'
import { LARGEST_SITEMAP, urlsOf } from './sources.ts'

/** What became of one request: `other` where no route with a cache takes it, or another than was asked for. */
export type WarmResult = 'stored' | 'fresh' | 'refused' | 'failed' | 'other'

export interface WarmRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** The name of the route that alone is warmed. */
  readonly route?: string | undefined
  /** Bytes of content that are to be returned, at most. Default: none. */
  readonly content?: number | undefined
}

export interface WarmAnswer {
  readonly result: WarmResult
  /** What was wrong, for people. */
  readonly reason?: string | undefined
  readonly content?: Uint8Array | undefined
}

/** Makes a request in some worker. Rejects if none can be asked. */
export type WarmFetch = (request: WarmRequest) => Promise<WarmAnswer>

/** A list to be warmed, and for which route alone. */
export interface WarmTask extends Omit<WarmListConfig, 'on' | 'every'> {
  readonly route?: string | undefined
}

export interface WarmCounts extends Record<WarmResult, number> {
  /** As far as it is known. */
  total: number
}

export type WarmState = 'queued' | 'running' | 'done' | 'stopped' | 'given-up'

/** Failures in a row, each of which is followed by a longer pause, after which a run is given up: the upstream is down. */
const MOST_FAILURES = 8
const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 60_000

/** Asks for all of a list, once, at its pace. */
export class WarmRun {
  readonly counts: WarmCounts = { total: 0, stored: 0, fresh: 0, refused: 0, failed: 0, other: 0 }
  state: WarmState = 'queued'
  /** What went wrong: of what could not be read the first thing, and how much more of it there was; else the last request that failed. */
  problem: string | undefined
  /** How much of its sources could not be read. */
  unread = 0
  readonly task: WarmTask
  private readonly fetch: WarmFetch
  private readonly clock: Clock
  private readonly asleep = new Map<Timer, () => void>()
  /** When the next request may begin. */
  private next = 0
  private failures = 0

  constructor(task: WarmTask, fetch: WarmFetch, clock: Clock) {
    this.task = task
    this.fetch = fetch
    this.clock = clock
  }

  /** Resolves when all is done, or it was stopped or given up. */
  async run(): Promise<void> {
    if (this.state !== 'queued') return
    this.state = 'running'
    const { task, counts } = this
    const { urls, problems } = await urlsOf(task, (url) => this.content(url))
    const [first] = problems
    this.unread = problems.length
    this.problem = problems.length > 1 ? `${first}; and ${problems.length - 1} more` : first
    counts.total = urls.length
    this.next = this.clock.now()
    const waiting = urls.values()
    // A lane takes the next one when it has one done: they share the iterator.
    await Promise.all(Array.from({ length: task.concurrency }, () => this.lane(waiting)))
    if (this.state === 'running') this.state = 'done'
  }

  /** What is under way ends by itself. */
  stop(): void {
    if (this.state === 'queued' || this.state === 'running') this.state = 'stopped'
    this.wakeAll()
  }

  private async lane(urls: Iterator<string>): Promise<void> {
    for (;;) {
      await this.turn()
      if (this.state !== 'running') return
      const { done, value } = urls.next()
      if (done === true) return
      this.count(await this.ask(value))
    }
  }

  private async ask(url: string): Promise<WarmAnswer> {
    const { headers, route } = this.task
    try {
      return await this.fetch({ url, headers, route })
    } catch (error) {
      return { result: 'failed', reason: error instanceof Error ? error.message : String(error) }
    }
  }

  private count({ result, reason }: WarmAnswer): void {
    this.counts[result]++
    if (result !== 'failed') {
      this.failures = 0
      return
    }
    if (this.unread === 0) this.problem = reason
    this.failures++
    // What is up to those at the same time was asked before it was known.
    if (this.failures >= MOST_FAILURES && this.state === 'running') {
      this.state = 'given-up'
      this.wakeAll()
    }
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.failures - 1))
    this.next = Math.max(this.next, this.clock.now() + pause)
  }

  /** Until the pace allows another request; one after the other, however many wait. */
  private async turn(): Promise<void> {
    const { rate } = this.task
    while (this.state === 'running') {
      const wait = this.next - this.clock.now()
      if (wait <= 0) {
        this.next =
          Math.max(this.next, this.clock.now() - rate.per / rate.requests) + rate.per / rate.requests
        return
      }
      await this.sleep(wait)
    }
  }

  private sleep(wait: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.clock.timer(() => {
        this.asleep.delete(timer)
        resolve()
      })
      this.asleep.set(timer, resolve)
      timer.arm(wait)
    })
  }

  private wakeAll(): void {
    for (const [timer, wake] of this.asleep) {
      timer.disarm()
      wake()
    }
    this.asleep.clear()
  }

  private async content(url: string): Promise<Uint8Array> {
    const { content, reason } = await this.fetch({
      url,
      headers: this.task.headers,
      content: LARGEST_SITEMAP,
    })
    if (content === undefined) throw new Error(reason ?? 'it is not to be had')
    return content
  }
}
