import { COMMANDS } from '../src/cli/catalogue.ts'
import { runProgram } from '../src/cli/program.ts'
import type { Terminal } from '../src/cli/terminal.ts'
import { printable } from '../src/printable.ts'
import { ENVIRONMENT, type Finished, type RunOptions } from './headgate-process.ts'

/** One at a time: the folder and the environment belong to the whole process. */
let last: Promise<unknown> = Promise.resolve()

/**
 * Runs the command line to its end within this process: the program that `headgate` runs, without the half a second of CPU that a
 * process needs to start. `headgateProcess` is for what only a process shows. Rejects with what the command throws, where a process
 * would end with a stack trace.
 */
export function headgate(
  args: readonly string[],
  options: Omit<RunOptions, 'limit'> = {},
): Promise<Finished> {
  const finished = last.then(() => run(args, options))
  last = finished.catch(() => undefined)
  return finished
}

async function run(args: readonly string[], { cwd, env }: RunOptions): Promise<Finished> {
  const folder = process.cwd()
  const before = { ...process.env }
  let stdout = ''
  let stderr = ''
  const terminal: Terminal = {
    out: (text) => void (stdout += printable(text)),
    err: (text) => void (stderr += printable(text)),
    errStyled: (text) => void (stderr += text),
    errIsHuman: false,
    errHasColor: false,
  }
  if (cwd !== undefined) process.chdir(cwd)
  setEnvironment({ ...before, ...ENVIRONMENT, ...env })
  try {
    return { code: await runProgram(COMMANDS, args, terminal), stdout, stderr }
  } finally {
    setEnvironment(before)
    process.chdir(folder)
  }
}

function setEnvironment(values: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(process.env)) if (values[name] === undefined) delete process.env[name]
  for (const [name, value] of Object.entries(values)) if (value !== undefined) process.env[name] = value
}
