import { type AdminClient, AdminError, adminClient } from './admin-client.ts'
import type { CliValues } from './command.ts'
import { EXIT } from './exit-code.ts'
import { inLine } from '../printable.ts'
import type { Terminal } from './terminal.ts'

/** Runs a command that asks a gateway: what goes wrong is told in a line. */
export async function ask(
  values: CliValues,
  terminal: Terminal,
  command: (client: AdminClient) => Promise<void>,
): Promise<number> {
  try {
    await command(await adminClient(values))
    return EXIT.ok
  } catch (error) {
    if (!(error instanceof AdminError)) throw error
    terminal.err(`headgate: ${inLine(error.message)}\n`)
    return EXIT.failed
  }
}
