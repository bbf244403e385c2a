import { systemClock } from '@headgate/core'
import { whyUnreadable } from '../../settings/read/read-text.ts'
import type { GatewayConfig } from '../../config/schema/schema.ts'
import { formatReport, grouped } from '../../replay/format.ts'
import { type LogInput, openLog } from '../../replay/log-lines.ts'
import { Replay } from '../../replay/replay.ts'
import { type CliCommand, type CliValues, EXIT } from '../command.ts'
import { fileConfig } from '../config-source.ts'
import type { Terminal } from '../terminal.ts'

export const replay: CliCommand = {
  description:
    'Reads an access log and asks for each line what would become of that request under another configuration: its route, ' +
    'who answers it, the upstream, a body that is too large, and what rate limits would refuse (an estimate). Sends nothing. ' +
    'It is compared with what the log says became of the request; with --with, it is compared with what another configuration ' +
    'makes of it, which also shows where rewrites would lead elsewhere. A line does not hold what its request held: where a route ' +
    'looks at a field that the log does not record, the answer is that it cannot be told, and which name accessLog.headers ' +
    'would need. Exits with 0 if nothing would change, with 1 if something would, or cannot be told, with 2 if the log cannot be ' +
    'read to its end or is none, and with 78 if a configuration has mistakes.',
  options: [
    {
      flags: '--log <file>',
      about: 'the access log: JSON lines, also packed with gzip; "-": the standard input',
    },
    { flags: '--against <file>', about: 'the configuration that is to be tried' },
    { flags: '--with <file>', about: 'compare with this configuration instead of with what the log says' },
    { flags: '--limit <count>', about: 'how many changed lines are listed', default: '20' },
    { flags: '--json', about: 'print the report as one JSON object' },
  ],
  examples: [
    {
      command: 'headgate replay --log access.log --against new.yaml',
      about: 'before new.yaml is put in force',
    },
    {
      command: 'headgate replay --log access.log.gz --with headgate.yaml --against new.yaml',
      about: 'what the edit changes, and nothing that was different before',
    },
    {
      command: 'journalctl -u headgate -o cat | headgate replay --log - --against new.yaml --json',
      about: 'from elsewhere, for a program',
    },
  ],
  async run(values, terminal) {
    const { log, against, with: before, limit = '' } = values
    if (log === undefined || against === undefined)
      return misused('--log FILE and --against FILE are needed', terminal)
    if (!/^\d{1,9}$/.test(limit))
      return misused(`--limit ${JSON.stringify(limit)} is not a whole number`, terminal)
    const configs: GatewayConfig[] = []
    for (const config of before === undefined ? [against] : [against, before]) {
      const chosen = await fileConfig({ config }, terminal)
      if (!chosen.ok) return chosen.exitCode
      configs.push(chosen.config)
    }
    const [tried, compared] = configs
    if (tried === undefined) return EXIT.usage
    const run = new Replay({ against: tried, before: compared, limit: Number(limit) })
    const wasRead = await readAll(log, run, terminal)
    if (!wasRead && run.report.lines === 0) return EXIT.usage
    print(run, values, terminal)
    const { changed, unsure, lines, bad } = run.report
    if (!wasRead) return EXIT.usage
    if (lines > 0 && bad === lines)
      return misused(`${log} is no access log: none of its lines is one of a gateway`, terminal)
    return changed + unsure > 0 ? EXIT.failed : EXIT.ok
  },
}

function misused(reason: string, terminal: Terminal): number {
  terminal.err(`headgate: ${reason}\n`)
  return EXIT.usage
}

function print(run: Replay, { json }: CliValues, terminal: Terminal): void {
  const { report } = run
  terminal.out(json === undefined ? formatReport(report) : `${JSON.stringify(report)}\n`)
}

/** Returns whether it came to the end. */
async function readAll(file: string, run: Replay, terminal: Terminal): Promise<boolean> {
  const progress = new Progress(terminal)
  try {
    const input = await openLog(file, process.stdin)
    for await (const line of input.lines) {
      await run.take(line)
      progress.step(input)
    }
    progress.clear()
    return true
  } catch (error) {
    progress.clear()
    const part = run.report.lines === 0 ? '' : ' to its end'
    terminal.err(`headgate: ${file} cannot be read${part}: ${whyUnreadable(error)}\n`)
    return false
  }
}

/** How many lines pass before the clock is looked at. */
const STRIDE = 1000
/** Milliseconds between two updates. */
const UPDATE = 250

/** One line for whoever waits, written over and over. */
class Progress {
  private readonly terminal: Terminal
  private lines = 0
  private shownAt: number = systemClock.now()
  private isShown = false

  constructor(terminal: Terminal) {
    this.terminal = terminal
  }

  step({ size, read }: LogInput): void {
    this.lines++
    if (!this.terminal.errIsHuman || this.lines % STRIDE !== 0) return
    const now = systemClock.now()
    if (now - this.shownAt < UPDATE) return
    this.shownAt = now
    this.isShown = true
    const part = size === undefined || size === 0 ? '' : `, ${Math.floor((read() / size) * 100)} %`
    this.terminal.errStyled(`\r${grouped(this.lines)} lines${part}`)
  }

  /** Erases it (ECMA-48 8.3.41). */
  clear(): void {
    if (this.isShown) this.terminal.errStyled('\r\u001b[K')
    this.isShown = false
  }
}
