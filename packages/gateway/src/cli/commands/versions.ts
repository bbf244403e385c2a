import type { VersionFacts } from '../../versions/version.ts'
import { ADMIN_OPTIONS } from '../admin-client.ts'
import { ask } from '../ask.ts'
import type { CliCommand } from '../command.ts'
import { printFound } from '../print-found.ts'
import { table } from '../table.ts'

export const versions: CliCommand = {
  description:
    'Asks a running gateway for the configurations that it has applied, the last one first; "*" is the one in force. ' +
    'They are kept over restarts, as many as versions.keep says.',
  options: ADMIN_OPTIONS,
  examples: [{ command: 'headgate versions', about: 'of the gateway of this folder' }],
  run: (values, terminal) =>
    ask(values, terminal, async (client) => {
      printFound(values, terminal, (await client.call('GET', '/versions')) as VersionsAnswer, versionsTable)
    }),
}

/** What `GET /versions` returns. */
interface VersionsAnswer {
  readonly current: number
  readonly versions: readonly VersionFacts[]
}

function versionsTable({ current, versions: list }: VersionsAnswer): string {
  const lines = list.map(({ id, time, origin, author = '', hash, summary }) => [
    `${id}${id === current ? ' *' : ''}`,
    time.replace(/\.\d+Z$/, 'Z'),
    origin,
    author,
    hash.slice(0, 8),
    summary,
  ])
  return table([['VERSION', 'TIME', 'ORIGIN', 'BY', 'HASH', 'CHANGES'], ...lines])
}
