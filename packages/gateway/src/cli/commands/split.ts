import { ADMIN_OPTIONS } from '../admin-client.ts'
import { ask } from '../ask.ts'
import type { CliCommand } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { printFound } from '../print-found.ts'
import { showSplit, type SplitAnswer } from '../show-split.ts'

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
    return ask(values, terminal, async (client) => {
      const path = `/routes/${encodeURIComponent(route)}/split`
      const isShown = reset === undefined && written === ''
      const answer = isShown
        ? await client.call('GET', path)
        : await (reset === undefined ? client.call('PATCH', path, { weights }) : client.call('DELETE', path))
      printFound(values, terminal, answer as SplitAnswer, showSplit)
    })
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
