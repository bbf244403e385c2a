/** A table in GitHub's Markdown. Cells are Markdown already, but for what would break the table. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return line(headings) + line(headings.map(() => '---')) + rows.map(line).join('')
}

function line(cells: readonly string[]): string {
  return `| ${cells.map(escaped).join(' | ')} |\n`
}

export function code(text: string): string {
  return `\`${text}\``
}

function escaped(cell: string): string {
  // In code, a star is a star already.
  const parts = cell.replaceAll('|', '\\|').split(/(`[^`]*`)/)
  return parts.map((part) => (part.startsWith('`') ? part : part.replaceAll('*', '\\*'))).join('')
}
