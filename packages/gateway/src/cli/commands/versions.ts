import type { VersionFacts } from '../../versions/version.ts'
import { ADMIN_OPTIONS } from '../admin-client.ts'
import { ask } from '../ask.ts'
import type { CliCommand } from '../command.ts'
import { table } from '../table.ts'

export const versions: CliCommand = {
  description:
    'Asks a running gateway for the configurations that it has applied, the last one first; "*" is the one in force. ' +
    'They are kept over restarts, as many as versions.keep says.',
  options: ADMIN_OPTIONS,
  examples: [{ command: 'headgate versions', about: 'of the gateway of this folder' }],
  run: (values, terminal) =>
    ask(values, terminal, async (client) => {
      const answer = (await client.call('GET', '/versions')) as { current: number; versions: VersionFacts[] }
      const lines = answer.versions.map(({ id, time, origin, author = '', hash, summary }) => [
        `${id}${id === answer.current ? ' *' : ''}`,
        time.replace(/\.\d+Z$/, 'Z'),
        origin,
        author,
        hash.slice(0, 8),
        summary,
      ])
      terminal.out(table([['VERSION', 'TIME', 'ORIGIN', 'BY', 'HASH', 'CHANGES'], ...lines]))
    }),
}
