import { ADMIN_OPTIONS } from '../admin-client.ts'
import type { CertificatesAnswer } from '../../admin/certificates.ts'
import { show } from '../ask.ts'
import { type CliCommand, EXIT } from '../command.ts'
import { table } from '../table.ts'

export const certs: CliCommand = {
  description:
    'Asks a running gateway for the certificates of its listeners and upstreams: names, issuer, days left, kind of key, and where they are ' +
    'from; the one that expires first is the first. One whose file cannot be used any more is told with the reason. ' +
    'With "trust" it tells where the authority of tls: internal is, and with which commands it is trusted; it asks no gateway then.',
  arguments: [{ name: 'action', about: 'left out, the certificates; or trust', repeats: true }],
  options: ADMIN_OPTIONS,
  examples: [
    { command: 'headgate certs', about: 'of the gateway of this folder' },
    { command: 'headgate certs trust', about: 'how to have the authority for development trusted' },
  ],
  async run({ action = '', ...values }, terminal) {
    if (action === 'trust') return (await import('../trust.ts')).printTrust(values, terminal)
    if (action !== '') {
      terminal.err(
        `headgate: there is no "certs ${action.split('\n').join(' ')}": leave it out, or use trust\n`,
      )
      return EXIT.usage
    }
    return show(
      values,
      terminal,
      (client) => client.call('GET', '/certificates'),
      (answer: CertificatesAnswer) => table(certificateRows(answer)),
    )
  },
}

/** Names that are shown; there may be a hundred. */
const MOST_NAMES = 3

function certificateRows({ certificates }: CertificatesAnswer): string[][] {
  const rows = certificates.map(
    ({ names, issuer, daysLeft, key, from, listeners, upstreams, concerns, refused }) => [
      namesText(names),
      issuer,
      String(daysLeft),
      key,
      from,
      [...listeners, ...upstreams].join(' '),
      [...(refused === undefined ? [] : [`the file: ${refused}`]), ...concerns].join('; '),
    ],
  )
  return [
    [
      'NAMES',
      'ISSUER',
      'DAYS LEFT',
      'KEY',
      'FROM',
      'FOR',
      rows.some((row) => row.at(-1) !== '') ? 'NOTE' : '',
    ],
    ...rows,
  ]
}

function namesText(names: readonly string[]): string {
  const more = names.length - MOST_NAMES
  return `${names.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
