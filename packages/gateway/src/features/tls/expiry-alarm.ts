import type { Clock, Timer } from '@headgate/core'
import type { LoadedAuthorities } from '../client-certificates/authorities.ts'
import { expiredList } from '../client-certificates/checks.ts'
import type { LoadedCertificate } from './certificate.ts'
import { concernsOf, DAY, daysLeft } from './concerns.ts'

/** Days before the end of a certificate on which it is told, besides the day on which it has expired. */
const TOLD = [30, 14, 7, 1]

/** Milliseconds between looks. */
const PERIOD = DAY / 24

/** What is in force. */
interface InForce {
  readonly certificates: ReadonlyMap<string, LoadedCertificate>
  readonly authorities: ReadonlyMap<string, Pick<LoadedAuthorities, 'digest' | 'from' | 'nextUpdate'>>
}

/**
 * Warns of certificates in force that expire: at the start, and each time that there is less time left than one of these days. Of lists of
 * revoked certificates when they have expired: their authorities replace them in days or hours.
 */
export class ExpiryAlarm {
  private readonly clock: Clock
  private readonly inForce: InForce
  private readonly warn: (message: string) => void
  private readonly timer: Timer
  /** By the fingerprint of a certificate: on which of these days it was told last. */
  private told = new Map<string, number>()
  /** By the digest of authorities: those whose lists were told of. */
  private toldLists: ReadonlySet<string> = new Set()

  constructor(clock: Clock, inForce: InForce, warn: (message: string) => void) {
    this.clock = clock
    this.inForce = inForce
    this.warn = warn
    this.timer = clock.timer(() => this.start())
  }

  /** Looks now, and every hour from now on. */
  start(): void {
    const before = this.told
    this.told = new Map()
    const now = this.clock.wallTime()
    for (const { facts } of this.inForce.certificates.values()) {
      const { fingerprint, notAfter, from } = facts
      const left = notAfter <= now ? -1 : daysLeft(notAfter, now)
      const stage = left < 0 ? -1 : Math.min(...TOLD.filter((days) => left < days))
      const isFirst = !before.has(fingerprint)
      if (this.told.has(fingerprint)) continue
      this.told.set(fingerprint, stage)
      // At the start all that is wrong with it is told; later that is known.
      if (isFirst || before.get(fingerprint) !== stage)
        for (const { problem, remedy } of concernsOf(facts, now, false))
          this.warn(`tls: ${problem} (${from}); ${remedy}`)
    }
    this.lookAtLists(now)
    this.timer.arm(PERIOD)
  }

  stop(): void {
    this.timer.disarm()
  }

  private lookAtLists(now: number): void {
    const before = this.toldLists
    const told = new Set<string>()
    for (const { digest, from, nextUpdate } of this.inForce.authorities.values()) {
      const found = expiredList(nextUpdate, now)
      if (found === undefined || told.has(digest)) continue
      told.add(digest)
      if (!before.has(digest)) this.warn(`tls: ${found.problem} (beside ${from}); ${found.hint}`)
    }
    this.toldLists = told
  }
}
