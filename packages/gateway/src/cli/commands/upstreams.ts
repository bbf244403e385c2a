import { ADMIN_OPTIONS } from '../admin-client.ts'
import { ask } from '../ask.ts'
import { type CheckedEndpoint, checkText } from '../check-text.ts'
import type { CliCommand } from '../command.ts'
import { printFound } from '../print-found.ts'
import { table } from '../table.ts'

export const upstreams: CliCommand = {
  description:
    'Asks a running gateway for its upstreams: how each endpoint is, its weight, and the connections to it, of all workers.',
  options: ADMIN_OPTIONS,
  examples: [{ command: 'headgate upstreams', about: 'of the gateway of this folder' }],
  run: (values, terminal) =>
    ask(values, terminal, async (client) => {
      const found = (await client.call('GET', '/upstreams')) as UpstreamsAnswer
      printFound(values, terminal, found, (answer) => table(upstreamRows(answer)))
    }),
}

/** The source of most endpoints: where all have it, nothing is said of it. */
const CONFIGURED = 'configured'

interface Levelled {
  readonly priority?: number
  readonly zone?: string
  readonly levelShare?: number
}

/** What `GET /upstreams` answers, as far as it is shown. */
export interface UpstreamsAnswer {
  readonly upstreams: readonly {
    readonly name: string
    readonly checks?: string
    readonly endpoints: readonly (CheckedEndpoint &
      Levelled & {
        readonly endpoint: string
        /** Where it comes from. */
        readonly source?: string
        readonly status: string
        readonly weight: number
        readonly active: number
        readonly idle: number
        readonly pending: number
        readonly failed: number
      })[]
  }[]
}

export function upstreamRows({ upstreams }: UpstreamsAnswer): string[][] {
  const isLevelled = upstreams.some(({ endpoints }) =>
    endpoints.some(({ priority = 0, zone }) => priority > 0 || zone !== undefined),
  )
  const isMixed = upstreams.some(({ endpoints }) =>
    endpoints.some(({ source = CONFIGURED }) => source !== CONFIGURED),
  )
  const rows = upstreams.flatMap(({ name, checks, endpoints }) =>
    endpoints.map(
      ({ endpoint, source = CONFIGURED, status, weight, active, idle, pending, failed, ...others }) => [
        name,
        endpoint,
        ...(isMixed ? [source] : []),
        status,
        ...(isLevelled ? levelCells(others) : []),
        ...[weight, active, idle, pending, failed].map(String),
        [checkText(others), checks === 'paused' ? '(paused)' : ''].join(' ').trim(),
      ],
    ),
  )
  const levelTitles = isLevelled ? ['PRIORITY', 'ZONE', 'SHARE'] : []
  const titles = [
    'UPSTREAM',
    'ENDPOINT',
    ...(isMixed ? ['SOURCE'] : []),
    'STATUS',
    ...levelTitles,
    'WEIGHT',
    'ACTIVE',
    'IDLE',
    'WAITING',
    'FAILED',
  ]
  return [[...titles, rows.some((row) => row.at(-1) !== '') ? 'LAST CHECK' : ''], ...rows]
}

/** The share is that of all endpoints of the same level together. */
function levelCells({ priority = 0, zone = '', levelShare = 0 }: Levelled): string[] {
  return [String(priority), zone, `${Math.round(levelShare * 100)}%`]
}
