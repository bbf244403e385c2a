import { ADMIN_OPTIONS } from '../admin-client.ts'
import { ask } from '../ask.ts'
import { type CheckedEndpoint, checkText } from '../check-text.ts'
import type { CliCommand } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { inLine } from '../../printable.ts'
import { printFound } from '../print-found.ts'
import { table } from '../table.ts'

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
    return ask(values, terminal, async (client) => {
      const of = upstream === '' ? '' : `/upstreams/${encodeURIComponent(upstream)}`
      const answer = await client.call('POST', `${of}/health-checks/${action}`)
      if (action === 'run') return printFound(values, terminal, answer as Found, foundTable)
      const whose = upstream === '' ? 'all upstreams' : upstream
      printFound(
        values,
        terminal,
        answer as { checks: string },
        ({ checks: state }) => `${inLine(`health checks of ${whose}: ${state}`)}\n`,
      )
    })
  },
}

interface Found {
  readonly endpoints: readonly (CheckedEndpoint & { readonly endpoint: string; readonly status: string })[]
}

function foundTable({ endpoints }: Found): string {
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
