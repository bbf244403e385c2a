import { Command, CommanderError, Option } from 'commander'
import { packageVersion } from '../package-version.ts'
import { type CliCommand, type CliEntry, type CliExample, EXIT } from './command.ts'
import type { Terminal } from './terminal.ts'

/** What "headgate --help" says below the list of commands. */
const TEACHING = `
Start here:
  headgate run --upstream http://127.0.0.1:3000   put the gateway in front of a service, without a file
  headgate init && headgate run                   the same with a configuration to grow

Exit codes:
  0   done; for "run": drained after SIGTERM or SIGINT
  1   failed, as when an address is in use or no gateway answers; for "explain": no route
      takes the request, or it is refused; for "replay": something would change
  2   wrong usage
  78  mistakes in the configuration; all of them are named

The configuration is described by "headgate schema", and every command by "headgate help COMMAND".
`

/** Parses the arguments, loads and runs the command, and returns the exit code. */
export async function runProgram(
  commands: readonly CliEntry[],
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  let exitCode: number = EXIT.ok
  const program = new Command('headgate')
    .description('An API gateway and reverse proxy: HTTP traffic in by routes, out to your services.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      outputError: (message, write) => write(message.replace(/^error: /, 'headgate: ') + fileHint(message)),
    })
    .showHelpAfterError('(headgate --help shows what there is)')
    .exitOverride()
    .addHelpText('after', TEACHING)
  const [first, second] = args
  const wanted = first === 'help' ? second : first
  for (const entry of commands) {
    const sub = program.command(entry.name).summary(entry.summary)
    // Of the others, the list of commands and the advice for a wrong one need no more than that.
    if (entry.name !== wanted) continue
    const command = await entry.load()
    describe(sub, command)
    sub.action(async () => {
      const named =
        command.arguments?.map(({ name, repeats }, index) => [
          name,
          repeats ? sub.args.slice(index).join('\n') : sub.args[index],
        ]) ?? []
      exitCode = await command.run({ ...sub.opts(), ...Object.fromEntries(named) }, terminal)
    })
  }
  if (args.length === 0) {
    program.outputHelp()
    return EXIT.ok
  }
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  }
  return exitCode
}

/** Who names a configuration as other programs have it. */
function fileHint(message: string): string {
  const [, file] = /^error: too many arguments.*: (\S+\.(?:ya?ml|toml|json|m?[jt]s))\.\n/.exec(message) ?? []
  return file === undefined ? '' : `(did you mean "-c ${file}"?)\n`
}

/** Tells the parser what a command takes. */
function describe(sub: Command, command: CliCommand): void {
  sub
    .description(command.description)
    .allowExcessArguments(false)
    .showHelpAfterError(`(headgate help ${sub.name()} shows what there is)`)
    .addHelpText('after', examples(command.examples))
  for (const { name, about, repeats } of command.arguments ?? [])
    sub.argument(repeats ? `[${name}...]` : `<${name}>`, about)
  for (const { flags, about, choices, default: fallback, repeats } of command.options) {
    const option = new Option(flags, about)
    if (choices !== undefined) option.choices(choices)
    if (fallback !== undefined) option.default(fallback)
    if (repeats)
      option.argParser((value, before?: string) => (before === undefined ? value : `${before}\n${value}`))
    sub.addOption(option)
  }
}

function examples(list: readonly CliExample[]): string {
  if (list.length === 0) return ''
  const width = Math.max(...list.map(({ command }) => command.length))
  const lines = list.map(({ command, about }) => `  ${command.padEnd(width)}   ${about}\n`)
  return `\nExamples:\n${lines.join('')}`
}
