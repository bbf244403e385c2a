import type { Clock } from '@headgate/core'
import type { LookUp } from './dns-lookups.ts'
import type { EndpointSource, SourceWatcher } from './endpoint-source.ts'

/** When DNS is asked again; milliseconds. */
export interface DnsSchedule {
  readonly clock: Clock
  readonly minInterval: number
  readonly maxInterval: number
}

/** A wait is up to this much longer, so that many gateways do not ask at the same time. */
const JITTER = 0.1
/** The longest wait after failures. */
const LONGEST_RETRY = 30_000

/** Asks DNS when what it said last has expired. After a failure sooner, and with each further one later. */
export class DnsSource implements EndpointSource {
  private readonly lookUp: LookUp
  private readonly schedule: DnsSchedule

  constructor(lookUp: LookUp, schedule: DnsSchedule) {
    this.lookUp = lookUp
    this.schedule = schedule
  }

  watch(watcher: SourceWatcher): () => void {
    const { clock, minInterval, maxInterval } = this.schedule
    let isWatching = true
    let failures = 0
    const wait = (time: number): void => {
      const within = Math.min(Math.max(time, minInterval), maxInterval)
      timer.arm(within * (1 + JITTER * clock.random()))
    }
    const look = async (): Promise<void> => {
      try {
        const { endpoints, ttl } = await this.lookUp()
        if (!isWatching) return
        failures = 0
        wait(ttl * 1_000)
        watcher.found(endpoints)
      } catch (error) {
        if (!isWatching) return
        failures++
        wait(Math.min(minInterval * 2 ** (failures - 1), LONGEST_RETRY))
        watcher.failed(error instanceof Error ? error.message : String(error))
      }
    }
    const timer = clock.timer(() => void look())
    void look()
    return () => {
      isWatching = false
      timer.disarm()
    }
  }
}
