/** A value at a time. */
export interface Point {
  /** Milliseconds. */
  readonly time: number
  readonly value: number
}

/** How a value went, by the line that fits it best (least squares). */
export interface Trend {
  readonly first: number
  readonly last: number
  readonly highest: number
  /** By how much the line rises from the first point to the last. */
  readonly growth: number
}

/** Undefined where there are fewer than two points: no line. */
export function trend(points: readonly Point[]): Trend | undefined {
  const [first] = points
  const last = points.at(-1)
  if (first === undefined || last === undefined || first === last) return undefined
  const count = points.length
  const meanTime = points.reduce((sum, { time }) => sum + time, 0) / count
  const meanValue = points.reduce((sum, { value }) => sum + value, 0) / count
  let covariance = 0
  let variance = 0
  let highest = 0
  for (const { time, value } of points) {
    covariance += (time - meanTime) * (value - meanValue)
    variance += (time - meanTime) ** 2
    highest = Math.max(highest, value)
  }
  const slope = variance === 0 ? 0 : covariance / variance
  return { first: first.value, last: last.value, highest, growth: slope * (last.time - first.time) }
}

/** The lowest point of each of so many spans: what is there for a while, as the content of a download, is not in all of one. */
export function lowest(points: readonly Point[], spans: number): Point[] {
  const size = Math.max(1, points.length / spans)
  return Array.from({ length: Math.min(spans, points.length) }, (_, span) =>
    points
      .slice(Math.floor(span * size), Math.floor((span + 1) * size))
      .reduce((least, point) => (point.value < least.value ? point : least)),
  )
}
