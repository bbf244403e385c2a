import type { Labels, MetricFamily } from './metric-family.ts'

/**
 * Part of a layout as plain data, to be sent to another thread. Values stand in flat lists: a gateway with 10,000 routes
 * has 100,000 series, and an object for each would take longer to send than all the rest.
 */
export interface MetricSegment {
  readonly size: number
  readonly stamp: number
  readonly families: readonly SegmentFamily[]
}

interface SegmentFamily extends Omit<MetricFamily, 'series'> {
  readonly labelNames: readonly string[]
  /** The values of the labels of one series after those of the other. */
  readonly values: readonly string[]
  /** The first slot of each series. */
  readonly indexes: readonly number[]
}

export function segmentOf(
  families: Iterable<MetricFamily>,
  segment: number,
  size: number,
  stamp: number,
): MetricSegment {
  const described: SegmentFamily[] = []
  for (const { name, help, type, sparse, across, bounds, series } of families) {
    const within = series.filter((each) => each.segment === segment)
    if (within.length === 0) continue
    described.push({
      name,
      help,
      type,
      sparse,
      across,
      bounds,
      labelNames: Object.keys(within[0]?.labels ?? {}),
      values: within.flatMap(({ labels }) => Object.values(labels)),
      indexes: within.map(({ index }) => index),
    })
  }
  return { size, stamp, families: described }
}

/** Each series of a segment that was described. */
export function* adopted({
  families,
}: MetricSegment): Iterable<{ family: SegmentFamily; labels: Labels; index: number }> {
  for (const family of families) {
    const { labelNames, values, indexes } = family
    for (const [position, index] of indexes.entries()) {
      const first = position * labelNames.length
      const labels = Object.fromEntries(
        labelNames.map((name, offset) => [name, values[first + offset] ?? '']),
      )
      yield { family, labels, index }
    }
  }
}

/** A hash (FNV-1a) of all that decides where the series of a segment lie. */
export function stampOf(families: Iterable<MetricFamily>, segment: number): number {
  let hash = Math.imul(0x811c9dc5 ^ segment, 0x01000193)
  for (const { name, type, series, bounds } of families) {
    const within = series.filter((each) => each.segment === segment)
    const text = JSON.stringify([name, type, bounds, within])
    for (let index = 0; index < text.length; index++)
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return (hash >>> 0) + 1
}
