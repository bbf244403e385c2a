import type { Terminal } from './terminal.ts'

/** A command of the command line, apart from how arguments are parsed. */
export interface CliCommand {
  /** For its own help: what it does, in a few sentences. */
  readonly description: string
  /** What must be given besides, in order; none by default. */
  readonly arguments?: readonly CliArgument[]
  readonly options: readonly CliOption[]
  readonly examples: readonly CliExample[]
  /** Does it, and returns the exit code. */
  run(values: CliValues, terminal: Terminal): Promise<number>
}

export interface CliArgument {
  /** Its key among the values. */
  readonly name: string
  readonly about: string
  /** May be given several times, or not at all: its values are lines of one. Only the last one may. */
  readonly repeats?: boolean
}

export interface CliOption {
  /** As commander reads it: `-c, --config <file>`. */
  readonly flags: string
  readonly about: string
  readonly choices?: readonly string[]
  readonly default?: string
  /** May be given several times: its values are lines of one. */
  readonly repeats?: boolean
}

export interface CliExample {
  readonly command: string
  readonly about: string
}

/** The values of arguments, by their names, and of options, by their long names. */
export type CliValues = Readonly<Record<string, string | undefined>>

/** A command as the list of commands has it: what it does, and all that it imports, is loaded when it is called. */
export interface CliEntry {
  readonly name: string
  /** For the list of commands. */
  readonly summary: string
  readonly load: () => Promise<CliCommand>
}

/** For commands that read: what they found, for a program. */
export const JSON_OPTION: CliOption = { flags: '--json', about: 'print what was found as one JSON document' }

export const CONFIG_OPTION: CliOption = {
  flags: '-c, --config <file>',
  about: 'configuration file: .yaml, .toml, .json or .ts; left out, headgate.yaml and its kin in this folder',
}

/** What the exit codes mean; 78 is `EX_CONFIG` of sysexits.h. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  configuration: 78,
} as const

/** `1 route`, `2 routes`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Prints what a command found: with --json as it is, else as `text` makes it for people. */
export function printFound<Found>(
  { json }: CliValues,
  terminal: Terminal,
  found: Found,
  text: (found: Found) => string,
): void {
  terminal.out(json === undefined ? text(found) : `${JSON.stringify(found, null, 2)}\n`)
}
