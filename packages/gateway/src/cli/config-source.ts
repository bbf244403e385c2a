import { relative } from 'node:path'
import type { GatewayConfig } from '../config/config.ts'
import { findConfig, loadConfig } from '../config/load.ts'
import { type ConfigResult, parseConfig } from '../config/parse.ts'
import { formatProblems } from '../config/problems/format.ts'
import { parseAddress } from '../config/values/address.ts'
import { parseUpstreamUrl } from '../config/values/upstream-url.ts'
import type { CliValues } from './command.ts'
import { counted } from './counted.ts'
import { EXIT } from './exit-code.ts'
import type { Terminal } from './terminal.ts'

/** A configuration and where it came from, or the exit code when there is none: all is said by then. */
export type ChosenConfig =
  | { readonly ok: true; readonly config: GatewayConfig; readonly source: string }
  | { readonly ok: false; readonly exitCode: number }

/** The configuration of `--config`, or the one in this folder. */
export async function fileConfig({ config }: CliValues, terminal: Terminal): Promise<ChosenConfig> {
  const found = config ?? (await findConfig(process.cwd()))
  if (found === undefined) {
    terminal.err(NO_FILE)
    return { ok: false, exitCode: EXIT.configuration }
  }
  const file = config ?? relative('', found)
  return accepted(await loadConfig(file), file, terminal)
}

const NO_FILE = `headgate: there is no configuration in this folder.

  headgate init                                  writes headgate.yaml, with comments
  headgate run -c FILE                           takes one from elsewhere
  headgate run --upstream http://127.0.0.1:3000  does without: everything goes to that service
`

/** The configuration that `--upstream`, `--listen` and `--admin` stand for: one route for everything. */
export function upstreamConfig(
  upstream: string,
  { listen, admin }: CliValues,
  terminal: Terminal,
): ChosenConfig {
  const mistakes = [
    mistake('--upstream', upstream, parseUpstreamUrl(upstream)),
    listen === undefined ? undefined : mistake('--listen', listen, parseAddress(listen)),
    admin === undefined ? undefined : mistake('--admin', admin, parseAddress(admin)),
  ].filter((each) => each !== undefined)
  if (mistakes.length > 0) {
    for (const each of mistakes) terminal.err(`headgate: ${each}\n`)
    return { ok: false, exitCode: EXIT.usage }
  }
  const input = {
    listeners: listen === undefined ? undefined : [{ address: listen }],
    admin: admin === undefined ? undefined : { address: admin },
    routes: [{ name: 'all', upstream }],
  }
  return accepted(parseConfig(input), `--upstream ${upstream}`, terminal)
}

function mistake(
  option: string,
  value: string,
  result: ReturnType<typeof parseAddress | typeof parseUpstreamUrl>,
) {
  if (result.ok) return undefined
  return `${option} ${JSON.stringify(value)} ${result.problem}${result.hint === undefined ? '' : `; ${result.hint}`}`
}

function accepted(result: ConfigResult, source: string, terminal: Terminal): ChosenConfig {
  if (result.ok) return { ok: true, config: result.config, source }
  const count = counted(result.problems.length, 'mistake')
  terminal.err(`${formatProblems(result.problems, { color: terminal.errHasColor })}\n${source}: ${count}\n`)
  return { ok: false, exitCode: EXIT.configuration }
}
