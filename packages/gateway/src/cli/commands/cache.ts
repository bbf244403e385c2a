import type { CacheAnswer, PurgeAnswer } from '../../admin/cache.ts'
import type { ForeseenView } from '../../explain/cache-view.ts'
import { inLine } from '../../printable.ts'
import { ADMIN_OPTIONS } from '../admin-client.ts'
import { show } from '../ask.ts'
import { cacheLines } from '../cache-lines.ts'
import { type CliCommand, type CliValues, counted, EXIT } from '../command.ts'
import { headerOption, headersOf } from '../header-option.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { warmAndWatch, warmText } from '../warm-progress.ts'

const SELECTIONS = ['url', 'prefix', 'tag', 'route'] as const

export const cache: CliCommand = {
  description:
    'Asks a running gateway for its cache: what is stored, and what became of requests (stats); what it has for a URL, and whether ' +
    'it would answer from it (show); or has it remove stored ' +
    'responses in all workers (purge), by one of --url, --prefix, --tag, --route and --all. With --soft they are marked as ' +
    'stale: the upstream is asked about each, and where it is down they may still stand in for it. Or has it ask for what is ' +
    'to be stored (warm): a URL, a sitemap, or the lists of its configuration, all of it or what one route takes.',
  arguments: [
    { name: 'action', about: 'stats, show, purge or warm' },
    {
      name: 'target',
      about: 'with show: a URL as clients ask for it, or its path alone, with -H "host: …"',
      repeats: true,
    },
  ],
  options: [
    {
      flags: '--url <url>',
      about: 'purge this one, its query included, or warm it: as clients ask for it',
    },
    { flags: '--prefix <url>', about: 'purge this one with all of its queries, and all below it' },
    { flags: '--tag <tag>', about: 'purge what has this tag' },
    { flags: '--route <name>', about: 'purge what is stored for this route, or warm what it takes' },
    { flags: '--sitemap <url>', about: 'warm what this sitemap, or index of sitemaps, names' },
    { flags: '--rate <rate>', about: 'requests that warm in a time, at most: 10/s if nothing is said' },
    { flags: '--concurrency <n>', about: 'requests that warm at a time, at most: 2 if nothing is said' },
    { flags: '--all', about: 'purge all of it' },
    { flags: '--soft', about: 'mark as stale, and remove nothing' },
    headerOption('with show: '),
    ...ADMIN_OPTIONS,
  ],
  examples: [
    { command: 'headgate cache stats', about: 'of the gateway of this folder' },
    {
      command: 'headgate cache show http://shop.example/items/1',
      about: 'what is stored for it, and what would become of it',
    },
    { command: 'headgate cache purge --tag shop', about: 'what was stored with the tag shop is gone' },
    {
      command: 'headgate cache purge --prefix https://shop.example/items --soft',
      about: 'it is stale from now on',
    },
    {
      command: 'headgate cache warm --sitemap https://shop.example/sitemap.xml',
      about: 'what the sitemap names is asked for, and stored',
    },
  ],
  run({ action, soft, target = '', header, ...values }, terminal) {
    if (action === 'warm') return warm({ ...values, ...(soft !== undefined && { soft }) }, terminal)
    const named = SELECTIONS.filter((name) => values[name] !== undefined)
    const chosen = named.length + (values['all'] === undefined ? 0 : 1)
    const misuse = misuseOf(action, { chosen, soft, target, header })
    if (misuse !== undefined) {
      terminal.err(`headgate: ${misuse}\n`)
      return Promise.resolve(EXIT.usage)
    }
    if (action === 'stats') return show(values, terminal, (client) => client.call('GET', '/cache'), statsText)
    if (action === 'show') {
      const request = { url: target, headers: headersOf(header) }
      return show(
        values,
        terminal,
        (client) => client.call('POST', '/cache/show', request),
        (view: ForeseenView) => shownText(view, target.startsWith('/') && !/^host:/im.test(header ?? '')),
      )
    }
    const body = { ...selected(values, named[0]), ...(soft !== undefined && { soft: true }) }
    return show(
      values,
      terminal,
      (client) => client.call('POST', '/cache/purge', body),
      (answer: PurgeAnswer) => purgeText(answer, named[0] === 'url' || named[0] === 'prefix'),
    )
  },
}

/** Its exit code tells whether something failed. */
async function warm(values: CliValues, terminal: Terminal): Promise<number> {
  const { url, sitemap, route, rate, concurrency } = values
  const misplaced = ['prefix', 'tag', 'all', 'soft'].find((name) => values[name] !== undefined)
  if (misplaced !== undefined) {
    terminal.err(`headgate: --${misplaced} goes with "purge"\n`)
    return EXIT.usage
  }
  const body = {
    ...(url !== undefined && { urls: [url] }),
    ...(sitemap !== undefined && { sitemap }),
    ...(route !== undefined && { route }),
    ...(rate !== undefined && { rate }),
    ...(concurrency !== undefined && { concurrency: Number(concurrency) }),
  }
  let complete = true
  const code = await show(
    values,
    terminal,
    async (client) => {
      const runs = await warmAndWatch(client, body, terminal)
      complete = runs.every(({ state, failed, unread }) => state === 'done' && failed === 0 && unread === 0)
      return { runs }
    },
    warmText,
  )
  return complete ? code : EXIT.failed
}

function selected(values: CliValues, name: (typeof SELECTIONS)[number] | undefined): object {
  return name === undefined ? { all: true } : { [name]: values[name] }
}

interface Asked {
  /** Of the options that say what is to be purged. */
  readonly chosen: number
  readonly soft: string | undefined
  /** Lines. */
  readonly target: string
  readonly header: string | undefined
}

function misuseOf(action: string | undefined, { chosen, soft, target, header }: Asked): string | undefined {
  if (action === undefined || !['stats', 'show', 'purge'].includes(action))
    return `there is no "cache ${action ?? ''}": use stats, show, purge or warm`
  if (action !== 'purge' && (chosen > 0 || soft !== undefined))
    return 'what is to be removed goes with "purge"'
  if (action === 'show') {
    const headers = headersOf(header)
    if (typeof headers === 'string') return headers
    return target === '' || target.includes('\n') ? 'show takes one URL, or its path' : undefined
  }
  if (target !== '' || header !== undefined) return 'a URL and its header fields go with "show"'
  return action === 'stats' || chosen === 1
    ? undefined
    : 'purge takes one of --url, --prefix, --tag, --route and --all'
}

/** @param isGuessed the host of the request */
function shownText(view: ForeseenView, isGuessed: boolean): string {
  const guess = isGuessed
    ? [
        'asked for as http://localhost, as no host was given: write the whole URL, or -H "host: shop.example:8080"',
      ]
    : []
  return [...cacheLines(view), ...guess].map((line) => `${inLine(line)}\n`).join('')
}

function purgeText({ purged, how }: PurgeAnswer, byUrl: boolean): string {
  const hint =
    purged === 0 && byUrl
      ? 'a URL is meant as clients ask for it, with its scheme, its port and its query: "headgate cache show URL" tells what is stored for it\n'
      : ''
  return `${how === 'hard' ? 'removed' : 'marked as stale'}: ${counted(purged, 'response')}\n${hint}`
}

function statsText({ disk, tier, routes, ...memory }: CacheAnswer): string {
  const used = `${usedText(memory)}\n`
  const onDisk = disk === undefined ? '' : `on disk: ${diskText(disk)}\n`
  const behind = tier === undefined ? '' : tierText(tier)
  const rows = routes.map(({ route, hit, miss, stale, revalidated, collapsed, bypass }) => [
    inLine(route),
    ...[hit, stale, revalidated, collapsed, miss, bypass].map(String),
  ])
  const header = ['ROUTE', 'HIT', 'STALE', 'REVALIDATED', 'COLLAPSED', 'MISS', 'BYPASS']
  return `${used}${onDisk}${behind}\n${table([header, ...rows])}`
}

function diskText(disk: NonNullable<CacheAnswer['disk']>): string {
  return disk.problem === undefined
    ? `${usedText(disk)}, ${counted(disk.errors, 'error')}`
    : `nothing is kept, ${inLine(disk.problem)}`
}

function usedText({
  entries,
  bytes,
  capacity,
  evictions,
}: Pick<CacheAnswer, 'entries' | 'bytes' | 'capacity' | 'evictions'>): string {
  return `${counted(entries, 'response')}, ${bytes} of ${capacity} bytes, ${evictions} gave way to others`
}

function tierText({
  store,
  state,
  reason,
  entries,
  bytes,
  capacity,
}: NonNullable<CacheAnswer['tier']>): string {
  const why = reason === undefined ? '' : `, ${inLine(reason)}`
  return `store ${store} (${state}${why}): ${counted(entries, 'response')}, ${bytes} of ${capacity} bytes\n`
}
