import { ADMIN_OPTIONS } from '../admin-client.ts'
import { ask } from '../ask.ts'
import type { CliCommand } from '../command.ts'
import { printFound } from '../print-found.ts'
import { showSplit, type SplitAnswer } from '../show-split.ts'

export const switchTo: CliCommand = {
  description:
    'Has a route of a running gateway send everything to one of the upstreams of its split, in all workers at once, and tells ' +
    'what the weights were. Exchanges under way end where they began.',
  arguments: [
    { name: 'route', about: 'its name' },
    { name: 'upstream', about: 'the upstream that gets everything' },
  ],
  options: ADMIN_OPTIONS,
  examples: [{ command: 'headgate switch shop green', about: 'from blue to green' }],
  run: ({ route = '', upstream: to = '', ...values }, terminal) =>
    ask(values, terminal, async (client) => {
      const path = `/routes/${encodeURIComponent(route)}/switch`
      printFound(values, terminal, (await client.call('POST', path, { to })) as SplitAnswer, showSplit)
    }),
}
