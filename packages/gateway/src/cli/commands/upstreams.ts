import { inLine } from '../../printable.ts'
import { ADMIN_OPTIONS, type AdminClient } from '../admin-client.ts'
import type { CheckedAnswer, ChecksAnswer } from '../../admin/health-checks.ts'
import type { UpstreamsAnswer } from '../../surveys/upstreams.ts'
import { show } from '../ask.ts'
import { type CliCommand, EXIT } from '../command.ts'
import { table } from '../table.ts'

export const upstreams: CliCommand = {
  description:
    'Asks a running gateway for its upstreams: how each endpoint is, its weight, and the connections to it, of all workers.',
  options: ADMIN_OPTIONS,
  examples: [{ command: 'headgate upstreams', about: 'of the gateway of this folder' }],
  run: (values, terminal) =>
    show(
      values,
      terminal,
      (client) => client.call('GET', '/upstreams'),
      (answer: UpstreamsAnswer) => table(upstreamRows(answer)),
    ),
}

/** The source of most endpoints: where all have it, nothing is said of it. */
const CONFIGURED = 'configured'

type ShownEndpoint = UpstreamsAnswer['upstreams'][number]['endpoints'][number]
type CheckedEndpoint = CheckedAnswer['endpoints'][number]

export function upstreamRows({ upstreams }: UpstreamsAnswer): string[][] {
  const isLevelled = upstreams.some(({ endpoints }) =>
    endpoints.some(({ priority, zone }) => priority > 0 || zone !== undefined),
  )
  const isMixed = upstreams.some(({ endpoints }) => endpoints.some(({ source }) => source !== CONFIGURED))
  const rows = upstreams.flatMap(({ name, checks, endpoints }) =>
    endpoints.map(({ endpoint, source, status, weight, active, idle, pending, failed, ...others }) => [
      name,
      endpoint,
      ...(isMixed ? [source] : []),
      status,
      ...(isLevelled ? levelCells(others) : []),
      ...[weight, active, idle, pending, failed].map(String),
      [checkText(others), checks === 'paused' ? '(paused)' : ''].join(' ').trim(),
    ]),
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
function levelCells({
  priority,
  zone = '',
  levelShare,
}: Pick<ShownEndpoint, 'priority' | 'zone' | 'levelShare'>): string[] {
  return [String(priority), zone, `${Math.round(levelShare * 100)}%`]
}

const ACTIONS = ['pause', 'resume', 'run']

export const checks: CliCommand = {
  description:
    'Has a running gateway pause the health checks of an upstream, or of all: endpoints then stay as they were found last. ' +
    '"run" checks the endpoints of an upstream now, paused or not, and what it finds counts at once. "headgate status" says ' +
    'what is paused; it lasts until it is resumed, the gateway ends, or the upstream is changed.',
  arguments: [
    { name: 'action', about: 'pause, resume or run' },
    { name: 'upstream', about: 'its name; left out, for pause and resume: all', repeats: true },
  ],
  options: ADMIN_OPTIONS,
  examples: [
    { command: 'headgate checks pause orders', about: 'before its /healthz is taken away' },
    { command: 'headgate checks run orders', about: 'is it well again?' },
    { command: 'headgate checks resume', about: 'of all upstreams' },
  ],
  run({ action = '', upstream = '', ...values }, terminal) {
    const misuse = misuseOf(action, upstream)
    if (misuse !== undefined) {
      terminal.err(`headgate: ${misuse}\n`)
      return Promise.resolve(EXIT.usage)
    }
    const of = upstream === '' ? '' : `/upstreams/${encodeURIComponent(upstream)}`
    const call = (client: AdminClient): Promise<unknown> =>
      client.call('POST', `${of}/health-checks/${action}`)
    if (action === 'run') return show(values, terminal, call, checkedTable)
    const whose = upstream === '' ? 'all upstreams' : upstream
    return show(
      values,
      terminal,
      call,
      ({ checks: state }: ChecksAnswer) => `${inLine(`health checks of ${whose}: ${state}`)}\n`,
    )
  },
}

function checkedTable({ endpoints }: CheckedAnswer): string {
  const rows = endpoints.map((each) => [each.endpoint, each.status, checkText(each)])
  return table([['ENDPOINT', 'STATUS', 'CHECK'], ...rows])
}

function misuseOf(action: string, upstream: string): string | undefined {
  if (!ACTIONS.includes(action)) return `there is no ${JSON.stringify(action)}: say pause, resume or run`
  if (upstream.includes('\n')) return 'name one upstream; or none, for all'
  return action === 'run' && upstream === ''
    ? 'say of which upstream: headgate checks run UPSTREAM'
    : undefined
}

/** How its last check ended, as `passed` or `failed: it answered 503`; nothing where there was none. */
function checkText({ lastCheck }: Pick<CheckedEndpoint, 'lastCheck'>): string {
  if (lastCheck === undefined) return ''
  const { outcome, reason } = lastCheck
  return reason === undefined ? outcome : `${outcome}: ${reason}`
}
