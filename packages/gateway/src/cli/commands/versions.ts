import { inLine } from '../../printable.ts'
import { formatDifferences } from '../../versions/diff.ts'
import { ADMIN_OPTIONS } from '../admin-client.ts'
import type { OutcomeAnswer } from '../../admin/config.ts'
import type { DifferencesAnswer, VersionsAnswer } from '../../admin/versions.ts'
import { show } from '../ask.ts'
import type { CliCommand } from '../command.ts'
import { table } from '../table.ts'

export const versions: CliCommand = {
  description:
    'Asks a running gateway for the configurations that it has applied, the last one first; "*" is the one in force. ' +
    'They are kept over restarts, as many as versions.keep says.',
  options: ADMIN_OPTIONS,
  examples: [{ command: 'headgate versions', about: 'of the gateway of this folder' }],
  run: (values, terminal) =>
    show(values, terminal, (client) => client.call('GET', '/versions'), versionsTable),
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
    show(
      values,
      terminal,
      (client) => client.call('GET', `/diff?${new URLSearchParams({ from, to }).toString()}`),
      ({ differences }: DifferencesAnswer) => formatDifferences(differences),
    ),
}

export const rollback: CliCommand = {
  description:
    'Has a running gateway put a configuration in force that it had applied before, without a request being lost. The file ' +
    'stays as it is: the next change of it, and the next start, count again.',
  arguments: [{ name: 'version', about: 'its number, as "headgate versions" lists it' }],
  options: [...ADMIN_OPTIONS, { flags: '--dry-run', about: 'say what would change, and change nothing' }],
  examples: [{ command: 'headgate rollback 3', about: 'to version 3' }],
  run: ({ version = '', dryRun, ...values }, terminal) =>
    show(
      values,
      terminal,
      (client) => {
        const query = dryRun === undefined ? '' : '?dryRun'
        return client.call('POST', `/versions/${encodeURIComponent(version)}/rollback${query}`)
      },
      outcomeText(dryRun !== undefined),
    ),
}

/**
 * What came of a change, in a line.
 * @param isDryRun whether none was to be made
 */
export function outcomeText(isDryRun: boolean): (answer: OutcomeAnswer) => string {
  return ({ outcome, version, summary = '' }) => `${inLine(said(outcome, version?.id, summary, isDryRun))}\n`
}

function said(
  outcome: OutcomeAnswer['outcome'],
  version: number | undefined,
  summary: string,
  isDryRun: boolean,
): string {
  switch (outcome) {
    case 'applied':
      return `version ${version} is in force: ${summary}`
    case 'possible':
      return `would change: ${summary}`
    default:
      return isDryRun
        ? `nothing would change: version ${version}, which is in force, is the same`
        : `nothing has changed: version ${version} is in force`
  }
}
