import { ADMIN_OPTIONS, type AdminClient } from '../admin-client.ts'
import type { BreakersAnswer } from '../../surveys/breakers.ts'
import { show } from '../ask.ts'
import { type CliCommand, EXIT } from '../command.ts'
import { table } from '../table.ts'

export const breakers: CliCommand = {
  description:
    'Asks a running gateway for its circuit breakers, of which each worker has its own. One that is opened by hand stays so ' +
    'until it is reset, or until its upstream is changed.',
  options: [
    { flags: '--reset <upstream>', about: 'close its breakers, as if nothing had happened' },
    { flags: '--open <upstream>', about: 'open its breaker: nothing is sent there any more' },
    {
      flags: '--endpoint <endpoint>',
      about: 'with one of these: only that of this endpoint of the upstream',
    },
    ...ADMIN_OPTIONS,
  ],
  examples: [
    { command: 'headgate breakers', about: 'of the gateway of this folder' },
    { command: 'headgate breakers --reset orders', about: 'it is well again: do not wait' },
  ],
  run({ reset, open, endpoint, ...values }, terminal) {
    const upstream = reset ?? open
    const misuse =
      reset !== undefined && open !== undefined ? '--reset and --open exclude each other' : undefined
    const lone =
      endpoint !== undefined && upstream === undefined ? '--endpoint goes with --reset or --open' : misuse
    if (lone !== undefined) {
      terminal.err(`headgate: ${lone}\n`)
      return Promise.resolve(EXIT.usage)
    }
    const call = async (client: AdminClient): Promise<unknown> => {
      if (upstream !== undefined) {
        const of = endpoint === undefined ? '' : `/endpoints/${encodeURIComponent(endpoint)}`
        const to = reset === undefined ? 'open' : 'reset'
        await client.call('POST', `/breakers/${encodeURIComponent(upstream)}${of}/${to}`)
      }
      return client.call('GET', '/breakers')
    }
    return show(values, terminal, call, breakerTable)
  },
}

function breakerTable({ breakers: all }: BreakersAnswer): string {
  const rows = all.map(({ upstream, endpoint = '', state, workers }) => [
    upstream,
    endpoint,
    state,
    workers
      .map(({ state, retryAfter }) => (retryAfter === undefined ? state : `${state} for ${retryAfter} ms`))
      .join(', '),
  ])
  return table([['UPSTREAM', 'ENDPOINT', 'STATE', 'WORKERS'], ...rows])
}
