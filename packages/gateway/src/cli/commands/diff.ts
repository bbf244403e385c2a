import { type Difference, formatDifferences } from '../../versions/diff.ts'
import { ADMIN_OPTIONS } from '../admin-client.ts'
import { ask } from '../ask.ts'
import type { CliCommand } from '../command.ts'
import { printFound } from '../print-found.ts'

export const diff: CliCommand = {
  description:
    'Asks a running gateway where two of the configurations that it has applied differ, defaults included: "+" was added, ' +
    '"-" removed, "~" changed.',
  arguments: [
    { name: 'from', about: 'the number of a version' },
    { name: 'to', about: 'the number of another' },
  ],
  options: ADMIN_OPTIONS,
  examples: [{ command: 'headgate diff 3 5', about: 'what has become of version 3 in version 5' }],
  run: ({ from = '', to = '', ...values }, terminal) =>
    ask(values, terminal, async (client) => {
      const query = new URLSearchParams({ from, to }).toString()
      const answer = (await client.call('GET', `/diff?${query}`)) as { differences: Difference[] }
      printFound(values, terminal, answer, ({ differences }) => formatDifferences(differences))
    }),
}
