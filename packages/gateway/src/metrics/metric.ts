import { metric as checked, type Metric, type MetricKind, type StatedMetric } from '@headgate/core'

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
