import { inLine } from '../printable.ts'

/** What the admin API says of a split. */
export interface SplitAnswer {
  readonly route: string
  readonly weights: Readonly<Record<string, number>>
  readonly configured: Readonly<Record<string, number>>
  /** Where it was changed. */
  readonly before?: Readonly<Record<string, number>>
}

/** The weights as they are, with their shares, and as they were or are configured. */
export function showSplit({ route, weights, configured, before }: SplitAnswer): string {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0)
  const shares = Object.entries(weights).map(([name, weight]) => {
    const share = Math.round((weight / total) * 1000) / 10
    return weight === 0 ? `${name} 0` : `${name} ${weight} (${share} %)`
  })
  const other = before === undefined ? `configured: ${list(configured)}` : `before: ${list(before)}`
  return `${inLine(`${route}: ${shares.join(', ')}`)}\n${inLine(other)}\n`
}

function list(weights: Readonly<Record<string, number>>): string {
  return Object.entries(weights)
    .map(([name, weight]) => `${name} ${weight}`)
    .join(', ')
}
