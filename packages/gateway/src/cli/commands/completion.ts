import { type CliCommand, type CliEntry, type CliOption, EXIT } from '../command.ts'

/** The command that completes these commands. */
export const completionOf = (commands: readonly CliEntry[]): CliCommand => ({
  description:
    'Prints a script for bash, zsh or fish, with which the shell completes the commands of headgate and their options.',
  arguments: [{ name: 'shell', about: 'bash, zsh or fish' }],
  options: [],
  examples: [
    { command: 'eval "$(headgate completion bash)"', about: 'in ~/.bashrc; with zsh in ~/.zshrc' },
    {
      command: 'headgate completion fish > ~/.config/fish/completions/headgate.fish',
      about: 'once',
    },
  ],
  async run({ shell: written = '' }, terminal) {
    const shell = SHELLS.find((each) => each === written)
    if (shell === undefined) {
      terminal.err(
        `headgate: there is no completion for ${JSON.stringify(written)}: say ${SHELLS.join(', ')}\n`,
      )
      return EXIT.usage
    }
    terminal.out(await completionScript(shell, commands))
    return EXIT.ok
  },
})

/** The shells for which there are completions. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** A command, as far as it is completed. */
interface Completed {
  readonly name: string
  readonly summary: string
  readonly options: readonly CompletedOption[]
}

interface CompletedOption {
  readonly long: string
  readonly short: string | undefined
  readonly about: string
  readonly takesValue: boolean
  readonly takesFile: boolean
  readonly choices: readonly string[]
}

/** The script that has a shell complete the commands and their options: made of the list that the parser reads. */
export async function completionScript(shell: Shell, entries: readonly CliEntry[]): Promise<string> {
  const commands = await Promise.all(
    entries.map(async ({ name, summary, load }) => completed(name, summary, await load())),
  )
  return SCRIPTS[shell](commands)
}

function completed(name: string, summary: string, { options }: CliCommand): Completed {
  return { name, summary, options: options.map(completedOption) }
}

function completedOption({ flags, about, choices = [] }: CliOption): CompletedOption {
  const [, short, long = '', value] = /^(?:-(\w), )?--([\w-]+)(?: <([\w-]+)>)?$/.exec(flags) ?? []
  return { long, short, about, takesValue: value !== undefined, takesFile: value === 'file', choices }
}

const SCRIPTS: Readonly<Record<Shell, (commands: readonly Completed[]) => string>> = { bash, zsh, fish }

function flagsOf({ options }: Completed): string[] {
  return [...options.flatMap(({ long, short }) => [`--${long}`, ...(short ? [`-${short}`] : [])]), '--help']
}

function bash(commands: readonly Completed[]): string {
  const names = commands.map(({ name }) => name).join(' ')
  const cases = commands.map((command) => `    ${command.name}) words='${flagsOf(command).join(' ')}' ;;\n`)
  const values = commands.flatMap(({ name, options }) =>
    options
      .filter(({ choices }) => choices.length > 0)
      .map(({ long, choices }) => `    '${name} --${long}') words='${choices.join(' ')}' ;;\n`),
  )
  const files = [...new Set(fileFlags(commands))].join('|')
  return `# headgate completion bash: to be put where bash looks for completions, or: eval "$(headgate completion bash)"
_headgate() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}" words=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${names} help --version --help' -- "$current"))
    return
  fi
  case "$previous" in
    ${files}) compopt -o default; return ;;
  esac
  case "$command $previous" in
${values.join('')}    'completion completion') words='${SHELLS.join(' ')}' ;;
    'help help') words='${names}' ;;
  esac
  [ -n "$words" ] || case "$command" in
${cases.join('')}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _headgate headgate
`
}

function fileFlags(commands: readonly Completed[]): string[] {
  return commands.flatMap(({ options }) =>
    options
      .filter(({ takesFile }) => takesFile)
      .flatMap(({ long, short }) => [`--${long}`, ...(short ? [`-${short}`] : [])]),
  )
}

function zsh(commands: readonly Completed[]): string {
  const list = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}\n`)
  const cases = commands.map((command) => {
    const specs = command.options.flatMap((option) => zshSpecs(option))
    const more = command.name === 'completion' ? [quoted(`1:shell:(${SHELLS.join(' ')})`)] : ["'*:argument:'"]
    const all = [...specs, "'--help[print help]'", ...more].join(' ')
    return `    ${command.name}) _arguments ${all} ;;\n`
  })
  return `#compdef headgate
# headgate completion zsh: to be put into a folder of $fpath as _headgate, or: eval "$(headgate completion zsh)"
_headgate() {
  local -a commands
  commands=(
${list.join('')}    'help:print help for a command'
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join('')}    help) _describe command commands ;;
  esac
}
if [ "\${funcstack[1]}" = _headgate ]; then _headgate "$@"; else compdef _headgate headgate; fi
`
}

function zshSpecs({ long, short, about, takesValue, takesFile, choices }: CompletedOption): string[] {
  const text = about.replaceAll(/[[\]:]/g, String.raw`\$&`)
  const what = choices.length > 0 ? `(${choices.join(' ')})` : takesFile ? '_files' : ' '
  const value = takesValue ? `:${long}:${what}` : ''
  const flags = [`--${long}`, ...(short ? [`-${short}`] : [])]
  return flags.map((flag) => quoted(`${flag}[${text}]${value}`))
}

function fish(commands: readonly Completed[]): string {
  const list = commands.map(
    ({ name, summary }) =>
      `complete -c headgate -n __fish_use_subcommand -f -a ${name} -d ${fishQuoted(summary)}\n`,
  )
  const options = commands.flatMap(({ name, options }) =>
    options.map(({ long, short, about, takesValue, takesFile, choices }) => {
      const when = `complete -c headgate -n '__fish_seen_subcommand_from ${name}'`
      const flag = `${short ? ` -s ${short}` : ''} -l ${long}`
      const value =
        choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : takesFile ? ' -r -F' : takesValue ? ' -x' : ''
      return `${when}${flag}${value} -d ${fishQuoted(about)}\n`
    }),
  )
  return `# headgate completion fish: to be put into ~/.config/fish/completions/headgate.fish
complete -c headgate -f
${list.join('')}complete -c headgate -n '__fish_seen_subcommand_from completion' -f -a '${SHELLS.join(' ')}'
${options.join('')}`
}

/** For bash and zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`
}
