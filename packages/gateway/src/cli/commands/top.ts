import { styleText } from 'node:util'
import { ADMIN_OPTIONS, type AdminClient, AdminError } from '../admin-client.ts'
import { ask } from '../ask.ts'
import { type CliCommand, printFound } from '../command.ts'
import { figuresBetween, readTotals, type TopFacts, topView, type Totals } from '../top-view.ts'
import type { StatusAnswer } from '../../admin/status.ts'
import type { UpstreamsAnswer } from '../../surveys/upstreams.ts'

/** Milliseconds between two looks. */
const INTERVAL = 1_000
const ALTERNATE_SCREEN = '\u001b[?1049h\u001b[?25l'
const MAIN_SCREEN = '\u001b[?25h\u001b[?1049l'
const HOME = '\u001b[H'
const END_OF_LINE = '\u001b[K\r\n'
const REST_OF_SCREEN = '\u001b[J'
const CTRL_C = '\u0003'

export const top: CliCommand = {
  description:
    'Shows, once a second, what goes through a running gateway: requests, failures and latency of the busiest routes, and ' +
    'how each endpoint is. q or Ctrl-C ends it. Where the output is no terminal, and with --once or --json, it is shown once.',
  options: [...ADMIN_OPTIONS, { flags: '--once', about: 'show it once, for one second of traffic, and end' }],
  examples: [
    { command: 'headgate top', about: 'of the gateway of this folder' },
    { command: 'headgate top --once --json', about: 'the same figures, for a program' },
  ],
  run: (values, terminal) =>
    ask(values, terminal, async (client) => {
      const { once, json } = values
      if (process.stdout.isTTY && once === undefined && json === undefined) return watch(client)
      const look = looker(client)
      await look()
      await new Promise((resolve) => setTimeout(resolve, INTERVAL))
      printFound(
        values,
        terminal,
        await look(),
        (facts) => `${topView(facts, { columns: 200, rows: 100 }, false).slice(0, -1).join('\n')}\n`,
      )
    }),
}

/** Returns what there is to show, compared with the time before. */
function looker(client: AdminClient): () => Promise<TopFacts> {
  let before: { readonly totals: Totals; readonly time: number } | undefined
  return async () => {
    const [status, upstreams, page] = await Promise.all([
      client.call('GET', '/status'),
      client.call('GET', '/upstreams'),
      client.text('GET', '/metrics'),
    ])
    const [totals, time] = [readTotals(page), performance.now()]
    const routes =
      before === undefined ? [] : figuresBetween(before.totals, totals, (time - before.time) / 1000)
    before = { totals, time }
    return {
      status: status as StatusAnswer,
      upstreams: upstreams as UpstreamsAnswer,
      routes,
      connections: totals.connections,
    }
  }
}

/** Until q or Ctrl-C, or until the gateway has gone. */
async function watch(client: AdminClient): Promise<void> {
  const { stdin, stdout } = process
  const hasColor = styleText('red', 'x', { stream: stdout }) !== 'x'
  const ended = Promise.withResolvers<void>()
  const look = looker(client)
  let facts: TopFacts | undefined
  const draw = (): void => {
    if (facts === undefined) return
    // Some terminals do not tell, and say 0.
    const size = { columns: stdout.columns || 80, rows: stdout.rows || 24 }
    stdout.write(HOME + topView(facts, size, hasColor).join(END_OF_LINE) + '\u001b[K' + REST_OF_SCREEN)
  }
  const refresh = async (): Promise<void> => {
    facts = await look()
    draw()
  }
  const key = (bytes: Buffer): void => {
    const pressed = bytes.toString('latin1')
    if (pressed.includes('q') || pressed.includes(CTRL_C)) ended.resolve()
  }
  const stop = (): void => ended.resolve()
  stdout.write(ALTERNATE_SCREEN)
  if (stdin.isTTY) stdin.setRawMode(true)
  stdin.on('data', key)
  stdout.on('resize', draw)
  process.once('SIGTERM', stop).once('SIGINT', stop)
  try {
    const over = ended.promise.then(() => true)
    const goesOn = Promise.resolve(false)
    while (!(await Promise.race([over, goesOn]))) {
      await Promise.race([refresh(), ended.promise])
      const pause = Promise.withResolvers<void>()
      const timer = setTimeout(pause.resolve, INTERVAL)
      await Promise.race([pause.promise, ended.promise])
      clearTimeout(timer)
    }
  } catch (error) {
    throw error instanceof AdminError ? error : new AdminError(String(error))
  } finally {
    if (stdin.isTTY) stdin.setRawMode(false)
    stdin.off('data', key).pause()
    stdout.off('resize', draw)
    process.off('SIGTERM', stop).off('SIGINT', stop)
    stdout.write(MAIN_SCREEN)
  }
}
