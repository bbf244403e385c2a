import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { headgate } from './headgate-command.ts'
import { type Finished, folder, HEADGATE, type RunOptions, TestProcess } from './headgate-process.ts'

/** A command of Headgate that is a step of its own, or has what it prints piped or written somewhere. */
const ALONE = /^npx headgate (?!run\b)([^|>&;$`]*?)( 2>&1)?\s*((?:\||>).*)?$/s

/**
 * Runs a line as a shell does, with `npx headgate` as this checkout has it. Commands of Headgate that end by themselves run within this
 * process (see `headgate`), and the shell gets what they print and their exit code; all others are processes.
 */
export async function shellLine(line: string, options: RunOptions = {}): Promise<Finished> {
  let stdout = ''
  let stderr = ''
  let code: number | undefined = 0
  for (const step of line.split(/; (?=npx headgate )/)) {
    const finished = await runStep(step, options)
    stdout += finished.stdout
    stderr += finished.stderr
    code = finished.code
  }
  return { code, stdout, stderr }
}

async function runStep(step: string, options: RunOptions): Promise<Finished> {
  const [, words, joined = '', behind = ''] = ALONE.exec(step) ?? []
  if (words === undefined) return shell(withBuilt(step), options)
  const printed = await headgate(argsOf(words), options)
  if (behind === '' && joined === '') return printed
  const both = joined === '' ? printed.stdout : printed.stdout + printed.stderr
  const cwd = folder({ printed: both })
  if (joined === '') writeFileSync(join(cwd, 'errors'), printed.stderr)
  const errors = joined === '' ? `cat ${cwd}/errors >&2; ` : ''
  return shell(`{ ${errors}cat ${cwd}/printed; (exit ${printed.code}); } ${behind}`, options)
}

/** `npx` takes a second of CPU to find what stands here. */
export function withBuilt(line: string): string {
  return line.replaceAll('npx headgate', `${process.execPath} ${HEADGATE}`)
}

function shell(line: string, options: RunOptions): Promise<Finished> {
  return new TestProcess('sh', ['-c', line], options).finished
}

/** The words of a command, without their quotes. */
function argsOf(words: string): string[] {
  return [...words.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replaceAll(
      /'([^']*)'|"([^"]*)"/g,
      (_whole, single?: string, double?: string) => single ?? double ?? '',
    ),
  )
}
