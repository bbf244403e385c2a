import { ADMIN_OPTIONS } from '../admin-client.ts'
import { ask } from '../ask.ts'
import type { CliCommand } from '../command.ts'
import { printFound } from '../print-found.ts'
import { showChange } from '../show-change.ts'

export const rollback: CliCommand = {
  description:
    'Has a running gateway put a configuration in force that it had applied before, without a request being lost. The file ' +
    'stays as it is: the next change of it, and the next start, count again.',
  arguments: [{ name: 'version', about: 'its number, as "headgate versions" lists it' }],
  options: [...ADMIN_OPTIONS, { flags: '--dry-run', about: 'say what would change, and change nothing' }],
  examples: [{ command: 'headgate rollback 3', about: 'to version 3' }],
  run: ({ version = '', dryRun, ...values }, terminal) =>
    ask(values, terminal, async (client) => {
      const query = dryRun === undefined ? '' : '?dryRun'
      const path = `/versions/${encodeURIComponent(version)}/rollback${query}`
      printFound(values, terminal, await client.call('POST', path), (answer) =>
        showChange(answer, dryRun !== undefined),
      )
    }),
}
