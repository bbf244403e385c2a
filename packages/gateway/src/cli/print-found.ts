import type { CliValues } from './command.ts'
import type { Terminal } from './terminal.ts'

/** Prints what a command found: with --json as it is, else as `text` makes it for people. */
export function printFound<Found>(
  { json }: CliValues,
  terminal: Terminal,
  found: Found,
  text: (found: Found) => string,
): void {
  terminal.out(json === undefined ? text(found) : `${JSON.stringify(found, null, 2)}\n`)
}
