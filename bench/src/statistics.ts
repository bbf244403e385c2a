/** The middle value, or the mean of the two in the middle. Throws on an empty list. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]
  if (upper === undefined || lower === undefined) throw new RangeError('median of no values')
  return (lower + upper) / 2
}

/** What is told of a series of rounds: its median and both ends. */
export interface Summary {
  median: number
  min: number
  max: number
}

/** Summarises a series. Throws on an empty list. */
export function summarise(values: readonly number[]): Summary {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

/**
 * The value at or below which a share (0 to 1) of all values lies, by nearest rank: always one of the values,
 * never an interpolation. `sorted` is ascending. Throws on an empty list.
 */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const rank = Math.max(1, Math.ceil(share * sorted.length))
  const value = sorted[rank - 1]
  if (value === undefined) throw new RangeError('percentile of no values')
  return value
}

/**
 * Each round's value divided by the reference's value of the same round. A round that either side lacks, or in
 * which the reference is not above zero, has no ratio and is left out: what the machine did in one round must
 * not be compared with what it did in another.
 */
export function ratiosPerRound(
  values: readonly (number | undefined)[],
  reference: readonly (number | undefined)[],
): number[] {
  const ratios: number[] = []
  for (const [round, value] of values.entries()) {
    const base = reference[round]
    if (value !== undefined && base !== undefined && base > 0) ratios.push(value / base)
  }
  return ratios
}
