import { writtenConfig } from '../../config/shown.ts'
import { ADMIN_OPTIONS } from '../admin-client.ts'
import { show } from '../ask.ts'
import type { CliCommand, CliValues } from '../command.ts'
import { fileConfig } from '../config-source.ts'
import { outcomeText } from './versions.ts'
import type { Terminal } from '../terminal.ts'

export const reload: CliCommand = {
  description:
    'Has a running gateway read its configuration file again and put it in force, without a request being lost. A file with ' +
    'mistakes changes nothing. SIGHUP does the same, and so does a change of the file, unless reload.watch is off. With ' +
    '--dry-run, the file of the gateway, or the one that -c names, is compared with what is in force, and nothing changes: a ' +
    'gateway that watches its file has taken that already, so keep the new one elsewhere until it is looked at.',
  options: [...ADMIN_OPTIONS, { flags: '--dry-run', about: 'say what would change, and change nothing' }],
  examples: [
    { command: 'headgate reload --dry-run', about: 'what would a reload change?' },
    { command: 'headgate reload --dry-run -c new.yaml', about: 'what would it be with this file?' },
  ],
  run({ dryRun, ...values }, terminal) {
    if (dryRun !== undefined && values['config'] !== undefined) return compare(values, terminal)
    const path = dryRun === undefined ? '/reload' : '/reload?dryRun'
    return show(values, terminal, (client) => client.call('POST', path), outcomeText(dryRun !== undefined))
  },
}

/** A file of whoever asks, which the gateway need not be able to read, with what is in force. */
async function compare(values: CliValues, terminal: Terminal): Promise<number> {
  const chosen = await fileConfig(values, terminal)
  if (!chosen.ok) return chosen.exitCode
  const written = writtenConfig(chosen.config)
  return show(values, terminal, (client) => client.call('PUT', '/config?dryRun', written), outcomeText(true))
}
