import { inLine } from '../../printable.ts'
import { ADMIN_OPTIONS, type AdminClient } from '../admin-client.ts'
import type { SplitAnswer } from '../../admin/routes.ts'
import { show } from '../ask.ts'
import { type CliCommand, EXIT } from '../command.ts'

export const split: CliCommand = {
  description:
    'Changes the weights of a split in a running gateway, in all workers at once; upstreams that are not named keep theirs. ' +
    'Without weights, shows them. They last until the next start, or until the split is changed in the configuration.',
  arguments: [
    { name: 'route', about: 'its name' },
    { name: 'weights', about: 'UPSTREAM=WEIGHT', repeats: true },
  ],
  options: [...ADMIN_OPTIONS, { flags: '--reset', about: 'back to the weights of the configuration' }],
  examples: [
    { command: 'headgate split orders', about: 'show the weights' },
    { command: 'headgate split orders stable=50 next=50', about: 'half of the requests to each' },
    { command: 'headgate split orders --reset', about: 'as configured' },
  ],
  async run({ route = '', weights: written = '', reset, ...values }, terminal) {
    const weights = readWeights(written)
    if (typeof weights === 'string' || (reset !== undefined && written !== '')) {
      const problem = typeof weights === 'string' ? weights : '--reset goes without weights'
      terminal.err(`headgate: ${problem}\n`)
      return EXIT.usage
    }
    const path = `/routes/${encodeURIComponent(route)}/split`
    const call = (client: AdminClient): Promise<unknown> => {
      if (reset !== undefined) return client.call('DELETE', path)
      return written === '' ? client.call('GET', path) : client.call('PATCH', path, { weights })
    }
    return show(values, terminal, call, splitText)
  },
}

/** By upstream, or what is wrong with one of them. A name may hold "=", a weight does not. */
function readWeights(written: string): Record<string, number> | string {
  const weights: Record<string, number> = {}
  for (const each of written === '' ? [] : written.split('\n')) {
    const [, name, weight] = /^(.+)=(\d+)$/.exec(each) ?? []
    if (name === undefined || weight === undefined)
      return `${JSON.stringify(each)} is not UPSTREAM=WEIGHT, such as canary=10`
    weights[name] = Number(weight)
  }
  return weights
}

export const switchTo: CliCommand = {
  description:
    'Has a route of a running gateway send everything to one of the upstreams of its split, in all workers at once, and tells ' +
    'what the weights were. Exchanges under way end where they began.',
  arguments: [
    { name: 'route', about: 'its name' },
    { name: 'upstream', about: 'the upstream that gets everything' },
  ],
  options: ADMIN_OPTIONS,
  examples: [{ command: 'headgate switch shop green', about: 'from blue to green' }],
  run: ({ route = '', upstream: to = '', ...values }, terminal) =>
    show(
      values,
      terminal,
      (client) => client.call('POST', `/routes/${encodeURIComponent(route)}/switch`, { to }),
      splitText,
    ),
}

/** The weights as they are, with their shares, and as they were or are configured. */
function splitText({ route, weights, configured, before }: SplitAnswer): string {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0)
  const shares = Object.entries(weights).map(([name, weight]) => {
    const share = Math.round((weight / total) * 1000) / 10
    return weight === 0 ? `${name} 0` : `${name} ${weight} (${share} %)`
  })
  const other = before === undefined ? `configured: ${list(configured)}` : `before: ${list(before)}`
  return `${inLine(`${route}: ${shares.join(', ')}`)}\n${inLine(other)}\n`
}

function list(weights: Readonly<Record<string, number>>): string {
  return Object.entries(weights)
    .map(([name, weight]) => `${name} ${weight}`)
    .join(', ')
}
