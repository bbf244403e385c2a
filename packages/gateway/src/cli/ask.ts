import { inLine } from '../printable.ts'
import { type AdminClient, adminClient, AdminError } from './admin-client.ts'
import { type CliValues, EXIT, printFound } from './command.ts'
import type { Terminal } from './terminal.ts'

/**
 * Runs a command that asks a gateway: what goes wrong is told in a line. An answer in which something is missing, or of another
 * kind than it should be, comes from another release or from another program, and is no reason for a stack trace.
 */
export async function ask(
  values: CliValues,
  terminal: Terminal,
  command: (client: AdminClient) => Promise<void>,
): Promise<number> {
  try {
    await command(await adminClient(values))
    return EXIT.ok
  } catch (error) {
    terminal.err(`headgate: ${inLine(reason(error))}\n`)
    return EXIT.failed
  }
}

/**
 * Runs a command that shows what a call of the admin API answers.
 * @param text of an answer of the type that the operation states; nobody has looked at it by then
 */
export function show(
  values: CliValues,
  terminal: Terminal,
  call: (client: AdminClient) => Promise<unknown>,
  text: (answer: never) => string,
): Promise<number> {
  return ask(values, terminal, async (client) =>
    printFound(values, terminal, (await call(client)) as never, text),
  )
}

function reason(error: unknown): string {
  if (error instanceof AdminError) return error.message
  // What reading a value of another kind ends in.
  if (!(error instanceof TypeError) && !(error instanceof RangeError)) throw error
  return `the answer is not as this command reads it (${error.message}): is the gateway of another release (headgate status, headgate --version), or another program at that address?`
}
