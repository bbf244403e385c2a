import { ADMIN_OPTIONS } from '../admin-client.ts'
import { ask } from '../ask.ts'
import type { CliCommand } from '../command.ts'
import { showChange } from '../show-change.ts'

export const reload: CliCommand = {
  description:
    'Has a running gateway read its configuration file again and put it in force, without a request being lost. A file with ' +
    'mistakes changes nothing. SIGHUP does the same, and so does a change of the file, unless reload.watch is off.',
  options: [...ADMIN_OPTIONS, { flags: '--dry-run', about: 'say what would change, and change nothing' }],
  examples: [{ command: 'headgate reload --dry-run', about: 'what would a reload change?' }],
  run: ({ dryRun, ...values }, terminal) =>
    ask(values, terminal, async (client) => {
      const query = dryRun === undefined ? '' : '?dryRun'
      terminal.out(showChange(await client.call('POST', `/reload${query}`)))
    }),
}
