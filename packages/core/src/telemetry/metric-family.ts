export type MetricType = 'counter' | 'gauge' | 'histogram'

/** Names and values that tell the series of a family apart. */
export type Labels = Readonly<Record<string, string>>

export interface MetricSeries {
  readonly labels: Labels
  /** Which segment it lies in. */
  readonly segment: number
  /** Its first slot there. */
  readonly index: number
}

/** All series of one name. */
export interface MetricFamily {
  readonly name: string
  readonly help: string
  readonly type: MetricType
  readonly sparse: boolean
  readonly across: 'sum' | 'max'
  /** Empty but for histograms. */
  readonly bounds: readonly number[]
  readonly series: readonly MetricSeries[]
}
