import { ADMIN_OPTIONS } from './admin-client.ts'
import { ask } from './ask.ts'
import type { CliCommand } from './command.ts'
import { table } from './table.ts'

export const upstreams: CliCommand = {
  name: 'upstreams',
  summary: 'show the upstreams of a running gateway and their endpoints',
  description:
    'Asks a running gateway for its upstreams: how each endpoint is, its weight, and the connections to it, of all workers.',
  options: ADMIN_OPTIONS,
  examples: [{ command: 'headgate upstreams', about: 'of the gateway of this folder' }],
  run: (values, terminal) =>
    ask(values, terminal, async (client) => {
      terminal.out(table(upstreamRows((await client.call('GET', '/upstreams')) as UpstreamsAnswer)))
    }),
}

/** What `GET /upstreams` answers, as far as it is shown. */
export interface UpstreamsAnswer {
  readonly upstreams: readonly {
    readonly name: string
    readonly endpoints: readonly {
      readonly endpoint: string
      readonly status: string
      readonly weight: number
      readonly active: number
      readonly idle: number
      readonly pending: number
      readonly failed: number
    }[]
  }[]
}

export function upstreamRows({ upstreams }: UpstreamsAnswer): string[][] {
  const rows = upstreams.flatMap(({ name, endpoints }) =>
    endpoints.map(({ endpoint, status, weight, active, idle, pending, failed }) => [
      name,
      endpoint,
      status,
      ...[weight, active, idle, pending, failed].map(String),
    ]),
  )
  return [['UPSTREAM', 'ENDPOINT', 'STATUS', 'WEIGHT', 'ACTIVE', 'IDLE', 'WAITING', 'FAILED'], ...rows]
}
