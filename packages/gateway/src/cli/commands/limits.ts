import { inLine } from '../../printable.ts'
import { ADMIN_OPTIONS, type AdminClient } from '../admin-client.ts'
import type { ConcurrencyAnswer } from '../../surveys/concurrency.ts'
import type { RateLimitsAnswer, RateLimitUsageAnswer } from '../../surveys/rate-limits.ts'
import { ask, show } from '../ask.ts'
import { type CliCommand, EXIT, printFound } from '../command.ts'
import { table } from '../table.ts'

export const limits: CliCommand = {
  description:
    'Asks a running gateway for its rate limits: what each allowed and limited, and how many keys it holds; and for its ' +
    'concurrency limits: how many requests are under way and wait. With --usage or --reset, what one key has left, or a ' +
    'full share for it again.',
  options: [
    { flags: '--usage <limit>', about: 'what is left of this rate limit, for --key' },
    { flags: '--reset <limit>', about: 'give full shares of this rate limit again: to --key, or to all' },
    {
      flags: '--key <key>',
      about: 'whose: a client address, or the value of the field that tells clients apart',
    },
    ...ADMIN_OPTIONS,
  ],
  examples: [
    { command: 'headgate limits', about: 'of the gateway of this folder' },
    { command: 'headgate limits --usage login --key 192.0.2.7', about: 'may this client go on?' },
    { command: 'headgate limits --reset login --key 192.0.2.7', about: 'it may' },
  ],
  run({ usage, reset, key, ...values }, terminal) {
    const misuse = misuseOf(usage, reset, key)
    if (misuse !== undefined) {
      terminal.err(`headgate: ${misuse}\n`)
      return Promise.resolve(EXIT.usage)
    }
    const query = key === undefined ? '' : `?${new URLSearchParams({ key }).toString()}`
    if (usage !== undefined) {
      const path = `/rate-limits/${encodeURIComponent(usage)}/usage${query}`
      return show(values, terminal, (client) => client.call('GET', path), usageLines)
    }
    if (reset === undefined) return show(values, terminal, askAll, limitTables)
    return ask(values, terminal, async (client) => {
      await client.call('POST', `/rate-limits/${encodeURIComponent(reset)}/reset${query}`)
      printFound(
        values,
        terminal,
        { reset, key: key ?? null },
        () => `${inLine(`${reset}: full shares again for ${key ?? 'all'}`)}\n`,
      )
    })
  },
}

function misuseOf(usage?: string, reset?: string, key?: string): string | undefined {
  if (usage !== undefined && reset !== undefined) return '--usage and --reset exclude each other'
  return key !== undefined && usage === undefined && reset === undefined
    ? '--key goes with --usage or --reset'
    : undefined
}

function usageLines({ workers, ...own }: RateLimitUsageAnswer): string {
  if (workers?.length === 0) return 'no worker answers\n'
  const lines = (workers ?? [{ worker: undefined, ...own }]).map(({ worker, limit, remaining, reset }) => {
    const who = worker === undefined ? '' : `worker ${worker}: `
    return `${inLine(`${who}${remaining} of ${limit} left, all of them in ${reset} s`)}\n`
  })
  return lines.join('')
}

interface AllLimits extends RateLimitsAnswer {
  readonly concurrencyLimits: ConcurrencyAnswer['limits']
}

async function askAll(client: AdminClient): Promise<AllLimits> {
  const { rateLimits } = (await client.call('GET', '/rate-limits')) as RateLimitsAnswer
  const { limits: concurrencyLimits } = (await client.call('GET', '/concurrency')) as ConcurrencyAnswer
  return { rateLimits, concurrencyLimits }
}

function limitTables({ rateLimits, concurrencyLimits }: AllLimits): string {
  const rateRows = rateLimits.map(({ id, allowed, limited, store, workers, ...own }) => {
    const stores = workers ?? [own]
    const sum = (name: 'keys' | 'capacity'): string =>
      String(stores.reduce((total, each) => total + (each[name] ?? 0), 0))
    return [id, String(allowed), String(limited), store, `${sum('keys')} of ${sum('capacity')}`]
  })
  const slots = concurrencyLimits.map(({ upstream, route, limit, workers }) => {
    const sum = (name: 'limit' | 'active' | 'queued'): string =>
      String(workers.reduce((total, each) => total + each[name], 0))
    const of = upstream === undefined ? `route ${route}` : `upstream ${upstream}`
    return [of, String(limit), sum('limit'), sum('active'), sum('queued')]
  })
  const shown = [
    ...(rateRows.length > 0
      ? [table([['RATE LIMIT', 'ALLOWED', 'LIMITED', 'STORE', 'KEYS'], ...rateRows])]
      : []),
    ...(slots.length > 0
      ? [table([['CONCURRENCY OF', 'LIMIT', 'SLOTS NOW', 'ACTIVE', 'WAITING'], ...slots])]
      : []),
  ]
  return shown.length === 0 ? 'there are no limits\n' : shown.join('\n')
}
