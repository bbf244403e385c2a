import { styleText } from 'node:util'
import type { CacheAnswer } from '../admin/cache.ts'
import type { WarmRunAnswer, WarmStartedAnswer } from '../admin/cache-warm.ts'
import { inLine } from '../printable.ts'
import { type AdminClient, AdminError } from './admin-client.ts'
import { counted } from './command.ts'
import type { Terminal } from './terminal.ts'

/** Milliseconds between two looks. */
const INTERVAL = 300
const BAR = 30

/** Begins it, shows how far it is where a person looks on, and returns what became of it. */
export async function warmAndWatch(
  client: AdminClient,
  wanted: object,
  terminal: Terminal,
): Promise<readonly WarmRunAnswer[]> {
  const { runs: ids } = (await client.call('POST', '/cache/warm', wanted)) as WarmStartedAnswer
  for (;;) {
    // One look after the other.
    // oxlint-disable-next-line no-await-in-loop
    const { warming } = (await client.call('GET', '/cache')) as CacheAnswer
    const runs = warming.filter(({ id }) => ids.includes(id))
    if (runs.length === 0) throw new AdminError('the gateway no longer knows of it: it was started anew')
    const open = runs.find(({ state }) => state === 'queued' || state === 'running')
    if (terminal.errIsHuman)
      terminal.errStyled(`\r\u001b[K${open === undefined ? '' : barOf(open, terminal.errHasColor)}`)
    if (open === undefined) return runs
    // oxlint-disable-next-line no-await-in-loop
    await new Promise((resolve) => setTimeout(resolve, INTERVAL))
  }
}

/** One line, without its end. */
export function barOf(run: WarmRunAnswer, hasColor: boolean): string {
  const done = doneOf(run)
  const filled = run.total === 0 ? 0 : Math.round((BAR * done) / run.total)
  const bar = '#'.repeat(filled)
  const shown = hasColor ? styleText('green', bar, { validateStream: false }) : bar
  const failed = run.failed === 0 ? '' : `, ${run.failed} failed`
  return `[${shown}${'.'.repeat(BAR - filled)}] ${done} of ${run.total}${failed}  ${inLine(run.what)}`
}

function doneOf({ stored, fresh, refused, failed, other }: WarmRunAnswer): number {
  return stored + fresh + refused + failed + other
}

export function warmText({ runs }: { readonly runs: readonly WarmRunAnswer[] }): string {
  return runs
    .map((run) => {
      const { what, state, stored, fresh, refused, failed, other, unread, problem } = run
      const further = [
        [fresh, 'fresh already'],
        [refused, 'not to be stored'],
        [failed, 'failed'],
        [other, 'of no route with a cache'],
        [unread, 'not to be read'],
      ] as const
      const said = further.filter(([count]) => count > 0).map(([count, text]) => `, ${count} ${text}`)
      const end =
        state === 'done' ? '' : ` (${state === 'given-up' ? 'given up, as the upstream fails' : state})`
      const why = problem === undefined ? '' : `\n  ${inLine(problem)}`
      return `${inLine(what)}: ${counted(stored, 'response')} stored${said.join('')}${end}${why}\n`
    })
    .join('')
}
