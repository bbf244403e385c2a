import { relative } from 'node:path'
import { loadConfig, type LoadResult } from '../config/load.ts'
import { parseConfig } from '../config/parse.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { type ConfigurationSource, FileSource } from '../versions/configuration-source.ts'
import { printable } from '../printable.ts'
import { countProblems } from '../settings/problems/place.ts'
import { formatProblems } from '../settings/problems/format.ts'
import type { ConfigProblem } from '../settings/problems/problem.ts'
import { findConfig } from '../settings/read/read-text.ts'
import { parseAddress } from '../settings/values/address.ts'
import { parseUpstreamUrl } from '../settings/values/upstream-url.ts'
import { type CliValues, counted, EXIT } from './command.ts'
import type { Terminal } from './terminal.ts'

/** A configuration and where it came from, or the exit code when there is none: all is said by then. */
export type ChosenConfig =
  | {
      readonly ok: true
      readonly config: GatewayConfig
      /** As it was written. */
      readonly input: unknown
      readonly source: ConfigurationSource
      /** Undefined where there is none. */
      readonly file?: string | undefined
      readonly warnings: () => ConfigProblem[]
    }
  | { readonly ok: false; readonly exitCode: number }

/** The configuration of `--config`, or the one in this folder. */
export async function fileConfig(values: CliValues, terminal: Terminal): Promise<ChosenConfig> {
  const file = await configFile(values, terminal)
  if (file === undefined) return { ok: false, exitCode: EXIT.configuration }
  const result = await loadConfig(file, true)
  return accepted(result, { source: new FileSource(file, result.furtherFiles), file }, terminal)
}

/** The file of `--config`, or the one in this folder; undefined, and said so, if there is none. */
export async function configFile({ config }: CliValues, terminal: Terminal): Promise<string | undefined> {
  if (config !== undefined) return config
  const found = await findConfig(process.cwd())
  if (found === undefined) {
    terminal.err(NO_FILE)
    return undefined
  }
  const file = relative('', found.file)
  const { others } = found
  if (others.length > 0) {
    const unread = `${others.join(' and ')} beside it ${others.length === 1 ? 'is' : 'are'} not read`
    terminal.err(
      `headgate: ${file} is taken; ${unread}: -c names another, and one that is not needed is best removed\n`,
    )
  }
  return file
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
  const parsed = parseConfig(input)
  const result: LoadResult = parsed.ok ? { ...parsed, input, warnings: () => [] } : parsed
  const source = { name: `--upstream ${upstream}`, folder: process.cwd(), read: async () => result }
  return accepted(result, { source }, terminal)
}

function mistake(
  option: string,
  value: string,
  result: ReturnType<typeof parseAddress | typeof parseUpstreamUrl>,
) {
  if (result.ok) return undefined
  return `${option} ${JSON.stringify(value)} ${result.problem}${result.hint === undefined ? '' : `; ${result.hint}`}`
}

function accepted(
  result: LoadResult,
  from: Pick<Extract<ChosenConfig, { ok: true }>, 'source' | 'file'>,
  terminal: Terminal,
): ChosenConfig {
  if (result.ok) return { ...result, ...from }
  const count = counted(countProblems(result.problems), 'mistake')
  terminal.errStyled(
    `${formatProblems(result.problems, { color: terminal.errHasColor })}\n${printable(from.source.name)}: ${count}\n`,
  )
  return { ok: false, exitCode: EXIT.configuration }
}
