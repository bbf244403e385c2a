import { inLine } from '../printable.ts'

/** Lines of cells, the first one the titles, as columns. */
export function table(cells: readonly (readonly string[])[]): string {
  const lines = cells.map((line) => line.map(inLine))
  const columns = lines[0] ?? []
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const row = (line: readonly string[]): string =>
    line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return lines.map((line) => `${row(line).trimEnd()}\n`).join('')
}
