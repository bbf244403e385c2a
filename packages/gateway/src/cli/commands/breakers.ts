import { ADMIN_OPTIONS } from '../admin-client.ts'
import { ask } from '../ask.ts'
import type { CliCommand } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { printFound } from '../print-found.ts'
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
    return ask(values, terminal, async (client) => {
      if (upstream !== undefined) {
        const of = endpoint === undefined ? '' : `/endpoints/${encodeURIComponent(endpoint)}`
        const to = reset === undefined ? 'open' : 'reset'
        await client.call('POST', `/breakers/${encodeURIComponent(upstream)}${of}/${to}`)
      }
      const found = (await client.call('GET', '/breakers')) as BreakersAnswer
      printFound(values, terminal, found, (answer) => table(breakerRows(answer)))
    })
  },
}

/** What `GET /breakers` answers. */
interface BreakersAnswer {
  readonly breakers: readonly {
    readonly upstream: string
    readonly endpoint?: string
    readonly state: string
    readonly workers: readonly {
      readonly worker: number
      readonly state: string
      readonly retryAfter?: number
    }[]
  }[]
}

function breakerRows({ breakers }: BreakersAnswer): string[][] {
  const rows = breakers.map(({ upstream, endpoint = '', state, workers }) => [
    upstream,
    endpoint,
    state,
    workers
      .map(({ state, retryAfter }) => (retryAfter === undefined ? state : `${state} for ${retryAfter} ms`))
      .join(', '),
  ])
  return [['UPSTREAM', 'ENDPOINT', 'STATE', 'WORKERS'], ...rows]
}
