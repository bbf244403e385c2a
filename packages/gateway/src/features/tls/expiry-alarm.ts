import type { Clock, Timer } from '@headgate/core'
import type { LoadedCertificate } from './certificate.ts'
import { concernsOf, DAY, daysLeft } from './concerns.ts'

/** Days before the end of a certificate on which it is told, besides the day on which it has expired. */
const TOLD = [30, 14, 7, 1]

/** Milliseconds between looks. */
const PERIOD = DAY / 24

/** Warns of certificates in force that expire: at the start, and each time that there is less time left than one of these days. */
export class ExpiryAlarm {
  private readonly clock: Clock
  private readonly certificates: () => Iterable<LoadedCertificate>
  private readonly warn: (message: string) => void
  private readonly timer: Timer
  /** By the fingerprint of a certificate: on which of these days it was told last. */
  private told = new Map<string, number>()

  constructor(
    clock: Clock,
    certificates: () => Iterable<LoadedCertificate>,
    warn: (message: string) => void,
  ) {
    this.clock = clock
    this.certificates = certificates
    this.warn = warn
    this.timer = clock.timer(() => this.start())
  }

  /** Looks now, and every hour from now on. */
  start(): void {
    const before = this.told
    this.told = new Map()
    const now = this.clock.wallTime()
    for (const { facts } of this.certificates()) {
      const { fingerprint, notAfter } = facts
      const left = notAfter <= now ? -1 : daysLeft(notAfter, now)
      const stage = left < 0 ? -1 : Math.min(...TOLD.filter((days) => left < days))
      const isFirst = !before.has(fingerprint)
      if (this.told.has(fingerprint)) continue
      this.told.set(fingerprint, stage)
      // At the start all that is wrong with it is told; later that is known.
      if (isFirst || before.get(fingerprint) !== stage)
        for (const { problem, remedy } of concernsOf(facts, now, false))
          this.warn(`tls: ${problem}; ${remedy}`)
    }
    this.timer.arm(PERIOD)
  }

  stop(): void {
    this.timer.disarm()
  }
}
