import type { CacheAnswer, PurgeAnswer } from '../../admin/cache.ts'
import { inLine } from '../../printable.ts'
import { ADMIN_OPTIONS } from '../admin-client.ts'
import { show } from '../ask.ts'
import { type CliCommand, type CliValues, counted, EXIT } from '../command.ts'
import { table } from '../table.ts'

const SELECTIONS = ['url', 'prefix', 'tag', 'route'] as const

export const cache: CliCommand = {
  description:
    'Asks a running gateway for its cache: what is stored, and what became of requests (stats); or has it remove stored ' +
    'responses in all workers (purge), by one of --url, --prefix, --tag, --route and --all. With --soft they are marked as ' +
    'stale: the upstream is asked about each, and where it is down they may still stand in for it.',
  arguments: [{ name: 'action', about: 'stats or purge' }],
  options: [
    {
      flags: '--url <url>',
      about: 'purge this one, as the upstream is asked for it, its query included',
    },
    { flags: '--prefix <url>', about: 'purge this one with all of its queries, and all below it' },
    { flags: '--tag <tag>', about: 'purge what has this tag' },
    { flags: '--route <name>', about: 'purge what is stored for this route' },
    { flags: '--all', about: 'purge all of it' },
    { flags: '--soft', about: 'mark as stale, and remove nothing' },
    ...ADMIN_OPTIONS,
  ],
  examples: [
    { command: 'headgate cache stats', about: 'of the gateway of this folder' },
    { command: 'headgate cache purge --tag shop', about: 'what was stored with the tag shop is gone' },
    {
      command: 'headgate cache purge --prefix https://shop.example/items --soft',
      about: 'it is stale from now on',
    },
  ],
  run({ action, soft, ...values }, terminal) {
    const named = SELECTIONS.filter((name) => values[name] !== undefined)
    const chosen = named.length + (values['all'] === undefined ? 0 : 1)
    const misuse = misuseOf(action, chosen, soft)
    if (misuse !== undefined) {
      terminal.err(`headgate: ${misuse}\n`)
      return Promise.resolve(EXIT.usage)
    }
    if (action === 'stats') return show(values, terminal, (client) => client.call('GET', '/cache'), statsText)
    const body = { ...selected(values, named[0]), ...(soft !== undefined && { soft: true }) }
    return show(values, terminal, (client) => client.call('POST', '/cache/purge', body), purgeText)
  },
}

function selected(values: CliValues, name: (typeof SELECTIONS)[number] | undefined): object {
  return name === undefined ? { all: true } : { [name]: values[name] }
}

function misuseOf(action: string | undefined, chosen: number, soft: string | undefined): string | undefined {
  if (action === 'stats')
    return chosen > 0 || soft !== undefined ? 'what is to be removed goes with "purge"' : undefined
  if (action !== 'purge') return `there is no "cache ${action ?? ''}": use stats or purge`
  return chosen === 1 ? undefined : 'purge takes one of --url, --prefix, --tag, --route and --all'
}

function purgeText({ purged, how }: PurgeAnswer): string {
  return `${how === 'hard' ? 'removed' : 'marked as stale'}: ${counted(purged, 'response')}\n`
}

function statsText({ disk, routes, ...memory }: CacheAnswer): string {
  const used = `${usedText(memory)}\n`
  const onDisk = disk === undefined ? '' : `on disk: ${usedText(disk)}, ${counted(disk.errors, 'error')}\n`
  const rows = routes.map(({ route, hit, miss, stale, revalidated, collapsed, bypass }) => [
    inLine(route),
    ...[hit, stale, revalidated, collapsed, miss, bypass].map(String),
  ])
  const header = ['ROUTE', 'HIT', 'STALE', 'REVALIDATED', 'COLLAPSED', 'MISS', 'BYPASS']
  return `${used}${onDisk}\n${table([header, ...rows])}`
}

function usedText({ entries, bytes, capacity, evictions }: Omit<CacheAnswer, 'disk' | 'routes'>): string {
  return `${counted(entries, 'response')}, ${bytes} of ${capacity} bytes, ${evictions} gave way to others`
}
