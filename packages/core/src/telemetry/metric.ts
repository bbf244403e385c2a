import type { Counter, Gauge } from './counters.ts'
import type { Histogram } from './histogram.ts'

/** What counts a series of each kind. */
export interface Instruments {
  readonly counter: Counter
  readonly gauge: Gauge
  readonly histogram: Histogram
}

export type MetricKind = keyof Instruments

/** Values for names that tell the series of a metric apart. */
export type Labels<Label extends string = string> = Readonly<Record<Label, string>>

/** A metric: what all of its series have in common. */
export interface Metric<Kind extends MetricKind = MetricKind, Label extends string = string> {
  readonly kind: Kind
  /** Prometheus style, with its unit; a counter's ends in `_total`. */
  readonly name: string
  /** Its meaning, as operators read it. */
  readonly help: string
  /** The names of its labels. */
  readonly labels: readonly Label[]
  /** Whether a series is left out until it has counted something: for metrics with very many series. */
  readonly sparse: boolean
  /** How the values of several threads become one. */
  readonly across: 'sum' | 'max'
  /** Upper bounds of the buckets of a histogram, ascending; of other kinds, none. */
  readonly bounds: readonly number[]
}

/** What has to be said of a metric: no labels, not sparse and a sum over all threads by default. */
export type StatedMetric<Kind extends MetricKind, Label extends string> = Pick<
  Metric<Kind, Label>,
  'kind' | 'name' | 'help'
> &
  Partial<Metric<Kind, Label>>

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/**
 * States a metric.
 * @throws TypeError if its name or a label is not valid, or the bounds of a histogram are not ascending
 */
export function metric<const Kind extends MetricKind, const Label extends string = never>(
  stated: StatedMetric<Kind, Label>,
): Metric<Kind, Label> {
  const { kind, name, labels = [], bounds = [] } = stated
  if (!METRIC_NAME.test(name)) throw new TypeError(`${JSON.stringify(name)} is not a metric name`)
  if (kind === 'counter' && !name.endsWith('_total'))
    throw new TypeError(`counter ${name}: the name of a counter ends in "_total"`)
  const misnamed = labels.find((label) => label === 'le' || !LABEL_NAME.test(label))
  if (misnamed !== undefined)
    throw new TypeError(`${kind} ${name}: ${JSON.stringify(misnamed)} cannot name a label`)
  const isAscending = bounds.every((bound, index) => bound > (bounds[index - 1] ?? -Infinity))
  if (kind === 'histogram' && (bounds.length === 0 || !isAscending))
    throw new TypeError(`histogram ${name}: the bounds [${bounds.join(', ')}] are not ascending numbers`)
  return { sparse: false, across: 'sum', labels: [], bounds: [], ...stated }
}
