import {
  type Gauge,
  type Metric,
  metric as checked,
  type MetricKind,
  type StatedMetric,
} from '@headgate/core'

const stated: Metric[] = []

/** Every metric of the gateway that a module has stated by now, for the documentation. */
export const METRICS: readonly Metric[] = stated

/** States a metric of the gateway, in the file of what counts it; `MetricRegistry.get` gives its series. */
export function metric<const Kind extends MetricKind, const Label extends string = never>(
  statement: StatedMetric<Kind, Label>,
): Metric<Kind, Label> {
  const made = checked(statement)
  stated.push(made)
  return made
}

/** A gauge, and what it is to show. */
export type Reading = readonly [gauge: Gauge, value: number]

/** Gauges of what is in force at a moment: what was shown before, and is not there any more, shows 0. */
export class Shown {
  /** With the call in which each was shown last. */
  private readonly gauges = new Map<Gauge, number>()
  private calls = 0

  show(readings: Iterable<Reading>): void {
    const call = ++this.calls
    for (const [gauge, value] of readings) {
      this.gauges.set(gauge, call)
      gauge.set(value)
    }
    for (const [gauge, last] of this.gauges) {
      if (last === call) continue
      gauge.set(0)
      this.gauges.delete(gauge)
    }
  }
}
