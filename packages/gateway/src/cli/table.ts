import { inLine } from '../printable.ts'

/** Lines of cells, the first one the titles, as columns. */
export function table(cells: readonly (readonly string[])[]): string {
  const lines = cells.map((line) => line.map(inLine))
  const widths = widthsOf(lines)
  const row = (line: readonly string[]): string =>
    line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(GAP)
  return lines.map((line) => `${row(line).trimEnd()}\n`).join('')
}

const GAP = '  '
/** Columns are not made wider for a longer name: one such name would fill the lines of all others with as much space. */
const WIDEST = 200
/** What a name is not made shorter than. */
const SHORTEST = 8

/**
 * The same lines, with the longest names in these columns shortened in their middle until the table fits, as far as that
 * goes: both ends of a name tell more than the numbers that a screen would cut off behind it.
 * @param names the columns that may be shortened
 */
export function fitted(
  cells: readonly (readonly string[])[],
  width: number,
  names: readonly number[],
): string[][] {
  const lines = cells.map((line) => line.map(inLine))
  const widths = widthsOf(lines)
  let excess = widths.reduce((sum, each) => sum + each, 0) + GAP.length * (widths.length - 1) - width
  while (excess > 0) {
    const [widest = 0] = [...names].sort((one, other) => (widths[other] ?? 0) - (widths[one] ?? 0))
    const now = widths[widest] ?? 0
    if (now <= SHORTEST) break
    widths[widest] = now - 1
    excess--
  }
  return lines.map((line) =>
    line.map((cell, column) => (names.includes(column) ? shortened(cell, widths[column] ?? 0) : cell)),
  )
}

function shortened(name: string, width: number): string {
  if (name.length <= width) return name
  const end = Math.floor((width - 1) / 2)
  return `${name.slice(0, width - 1 - end)}…${name.slice(name.length - end)}`
}

/** By loops, as there may be more lines than a call takes arguments. */
function widthsOf(lines: readonly (readonly string[])[]): number[] {
  const widths = (lines[0] ?? []).map(() => 0)
  for (const line of lines) {
    for (const [column, { length }] of line.entries())
      if (length > (widths[column] ?? Infinity)) widths[column] = Math.min(length, WIDEST)
  }
  return widths
}
