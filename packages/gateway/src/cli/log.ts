import { styleText } from 'node:util'
import { printable } from '../printable.ts'
import type { Terminal } from './terminal.ts'

/** The gateway's own log, on stderr: stdout is the access log's. */
export interface Log {
  info(message: string, facts?: LogFacts): void
  warn(message: string, facts?: LogFacts): void
  error(message: string, facts?: LogFacts): void
}

/** What a machine may want beside the message. A person at a terminal is shown the message only. */
export type LogFacts = Readonly<Record<string, unknown>>

/** Short lines for a person at a terminal, JSON lines (pino) for everything else. */
export async function makeLog(terminal: Terminal): Promise<Log> {
  return terminal.errIsHuman ? terminalLog(terminal) : jsonLog()
}

function terminalLog(terminal: Terminal): Log {
  const paint = (color: 'yellow' | 'red', text: string): string =>
    terminal.errHasColor ? styleText(color, text, { validateStream: false }) : text
  return {
    info: (message) => terminal.errStyled(`headgate: ${entry(message)}\n`),
    warn: (message) => terminal.errStyled(`headgate: ${paint('yellow', entry(message))}\n`),
    error: (message) => terminal.errStyled(`headgate: ${paint('red', entry(message))}\n`),
  }
}

/** Its further lines are indented: none of them can be taken for another entry. */
function entry(message: string): string {
  return printable(message).replaceAll(/\n(?! )/g, '\n    ')
}

/** What is kept, in bytes, while it cannot be written; what comes then is dropped. */
const MOST_UNSAID = 1024 * 1024

async function jsonLog(): Promise<Log> {
  const { destination, pino } = await import('pino')
  // At once: it says little, and its last words matter most.
  const output = destination({ fd: 2, sync: true, maxLength: MOST_UNSAID })
  // Nobody reads, or there is no room where it goes: what cannot be said must not end what is served.
  output.on('error', () => {})
  const logger = pino(
    {
      base: { pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
    },
    // JSON leaves the controls of C1 and the marks of direction as they are; a terminal that shows the file does not.
    { write: (line: string) => void output.write(printable(line)) },
  )
  return {
    info: (message, facts = {}) => logger.info(facts, message),
    warn: (message, facts = {}) => logger.warn(facts, message),
    error: (message, facts = {}) => logger.error(facts, message),
  }
}
