import type { Gauge } from '@headgate/core'

/** A gauge, and what it is to show. */
export type Reading = readonly [gauge: Gauge, value: number]

/** Gauges of what is in force at a moment: what was shown before, and is not there any more, shows 0. */
export class Shown {
  private gauges: ReadonlySet<Gauge> = new Set()

  show(readings: Iterable<Reading>): void {
    const gauges = new Set<Gauge>()
    for (const [gauge, value] of readings) {
      gauges.add(gauge)
      gauge.set(value)
    }
    for (const gauge of this.gauges) if (!gauges.has(gauge)) gauge.set(0)
    this.gauges = gauges
  }
}
