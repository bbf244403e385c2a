import type { Clock, Timer } from '@headgate/core'
import { redactUrls } from '../../../settings/redact-text.ts'
import type { WarmListConfig } from './setting.ts'
import { type WarmFetch, WarmRun, type WarmTask } from './warm-run.ts'

/** Runs that are shown after their end, and that may wait for their turn. */
const MOST_SHOWN = 32
const MOST_WAITING = 64

export type WarmCause = 'start' | 'schedule' | 'purge' | 'asked'

/** A run, for whoever wants to know. */
export interface WarmedRun {
  readonly id: number
  /** What is warmed, in a few words. */
  readonly what: string
  readonly cause: WarmCause
  readonly run: WarmRun
}

/** Told what came of a run, and whether all of it could be read and was answered. */
export type WarmReport = (message: string, wasWell: boolean) => void

/** A list of the configuration, as long as it is in force. */
interface Scheduled {
  readonly config: WarmListConfig
  readonly timer: Timer
}

/**
 * Warms the cache of all workers: one list after the other, so that each has its own pace and all of them no more than one. A
 * reload leaves lists alone that are the same afterwards.
 */
export class Warmer {
  private readonly fetch: WarmFetch
  private readonly clock: Clock
  private readonly report: WarmReport
  /** By all that a list says. */
  private readonly scheduled = new Map<string, Scheduled>()
  private readonly known: (WarmedRun & { readonly list: string | undefined })[] = []
  private lastId = 0
  private busy = false
  private stopped = false

  /** @param report told what came of each run */
  constructor(fetch: WarmFetch, clock: Clock, report: WarmReport) {
    this.fetch = fetch
    this.clock = clock
    this.report = report
  }

  /** All that are shown, the newest last. */
  get runs(): readonly WarmedRun[] {
    return this.known
  }

  /** Has these lists, and no others, from now on. */
  follow(lists: readonly WarmListConfig[]): void {
    const wanted = new Map(lists.map((config) => [JSON.stringify(config), config]))
    for (const [key, { timer }] of this.scheduled) {
      if (wanted.has(key)) continue
      timer.disarm()
      this.scheduled.delete(key)
      for (const { run, list } of this.known) if (list === key) run.stop()
    }
    for (const [key, config] of wanted) {
      if (this.scheduled.has(key)) continue
      const timer = this.clock.timer(() => this.enqueue(config, 'schedule', key))
      this.scheduled.set(key, { config, timer })
      if (config.on.includes('start')) this.enqueue(config, 'start', key)
      else if (config.every !== undefined) timer.arm(config.every)
    }
  }

  /** What was removed is to be there again. */
  purged(): void {
    for (const [key, { config }] of this.scheduled)
      if (config.on.includes('purge')) this.enqueue(config, 'purge', key)
  }

  /** All lists, or for a route what it takes of them. @returns the numbers of the runs */
  all(route?: string): number[] {
    return Array.from(this.scheduled, ([key, { config }]) =>
      this.enqueue({ ...config, route }, 'asked', route === undefined ? key : undefined),
    ).filter((id) => id !== undefined)
  }

  /** @returns the number of the run; undefined where too many wait */
  warm(task: WarmTask): number | undefined {
    return this.enqueue(task, 'asked', undefined)
  }

  stop(): void {
    this.stopped = true
    for (const { timer } of this.scheduled.values()) timer.disarm()
    for (const { run } of this.known) run.stop()
  }

  private enqueue(task: WarmTask, cause: WarmCause, list: string | undefined): number | undefined {
    const queued = this.known.filter(({ run }) => run.state === 'queued')
    const same = list === undefined ? undefined : queued.find((each) => each.list === list)
    if (same !== undefined) return same.id
    if (this.stopped || queued.length >= MOST_WAITING) return undefined
    const id = ++this.lastId
    this.known.push({ id, what: whatOf(task), cause, list, run: new WarmRun(task, this.fetch, this.clock) })
    while (this.known.length > MOST_SHOWN && isOver(this.known[0])) this.known.shift()
    void this.work()
    return id
  }

  /** One after the other, until none waits. */
  private async work(): Promise<void> {
    if (this.busy) return
    this.busy = true
    for (;;) {
      const next = this.known.find(({ run }) => run.state === 'queued')
      if (next === undefined) break
      await next.run.run()
      if (!this.stopped) this.ended(next)
    }
    this.busy = false
  }

  private ended({ what, list, run }: Omit<WarmedRun, 'id'> & { readonly list: string | undefined }): void {
    const { counts, state, problem, unread } = run
    const said = `${counts.stored} stored, ${counts.fresh} fresh already, ${counts.refused} not to be stored, ${counts.failed} failed, ${counts.other} of no route with a cache`
    const end = state === 'given-up' ? 'given up, as the upstream fails' : state
    this.report(
      `cache: warming of ${what} ${end}: ${said}${problem === undefined ? '' : `; ${redactUrls(problem)}`}`,
      unread === 0 && counts.failed === 0 && state !== 'given-up',
    )
    const { config, timer } = (list !== undefined && this.scheduled.get(list)) || {}
    if (config?.every !== undefined) timer?.arm(config.every)
  }
}

function isOver(known: WarmedRun | undefined): boolean {
  return known !== undefined && known.run.state !== 'queued' && known.run.state !== 'running'
}

function whatOf({ urls, file, sitemap, route }: WarmTask): string {
  const sources = [
    ...(sitemap === undefined ? [] : [`sitemap ${redactUrls(sitemap)}`]),
    ...(file === undefined ? [] : [`file ${file}`]),
    ...(urls.length === 0 ? [] : [urls.length === 1 ? redactUrls(urls[0] ?? '') : `${urls.length} URLs`]),
  ]
  const what = sources.length === 0 ? 'nothing' : sources.join(', ')
  return route === undefined ? what : `${what}, of route ${route}`
}
