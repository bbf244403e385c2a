import { styleText } from 'node:util'
import { printable } from '../printable.ts'

/**
 * Where a command writes: all of it goes through here. Names and texts come from files, logs and other machines, and must not be
 * able to steer the terminal that they are shown on, so what is no text is escaped.
 */
export interface Terminal {
  /** The command's result. */
  readonly out: (text: string) => void
  /** What is said about it: problems, notices. */
  readonly err: (text: string) => void
  /** The same, with colours or other orders to the terminal; the parts that come from elsewhere are `printable` already. */
  readonly errStyled: (text: string) => void
  /** Whether a human reads `err`, in colours or not. */
  readonly errIsHuman: boolean
  readonly errHasColor: boolean
}

/** The streams of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr } = process
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `headgate schema | head` closes the pipe early: not our mistake.
    if (error.code === 'EPIPE') return
    stderr.write(`headgate: the output cannot be written: ${error.message}\n`)
    process.exitCode = 1
  })
  // There is nowhere left to say it, and what is served goes on.
  stderr.on('error', () => {})
  return {
    out: (text) => void stdout.write(printable(text)),
    err: (text) => void stderr.write(printable(text)),
    errStyled: (text) => void stderr.write(text),
    errIsHuman: stderr.isTTY,
    // Node's own judgement, which knows NO_COLOR, FORCE_COLOR and dumb terminals, shows in what it does.
    errHasColor: styleText('red', 'x', { stream: stderr }) !== 'x',
  }
}
