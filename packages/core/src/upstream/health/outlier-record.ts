import type { Timer } from '../../time/timer.ts'

/** What is known of the failures of one endpoint. */
export class OutlierRecord {
  ejected = false
  /** How often it was ejected, for metrics. */
  ejections = 0
  /** Failures since the last success. */
  consecutive = 0
  /** In this interval. */
  successes = 0
  failures = 0
  /** By how much its next ejection is longer than the first. */
  severity = 0
  /** `clock.now()` when it came back from its last ejection. */
  returnedAt = 0
  /** Ends its ejection. */
  timer: Timer | undefined
}
