import { isatty } from 'node:tty'
import type { AccessLog, Clock } from '@headgate/core'
import type { AccessLogConfig } from './layers.ts'
import { JsonAccessLog, type LineSink } from './access-log.ts'
import { ShortAccessLog } from './short-log.ts'

/** Where lines go, and who may read them there. */
export interface LogPlace {
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean
  readonly env: Readonly<Record<string, string | undefined>>
}

const PROCESS: LogPlace = {
  get isTerminal() {
    return isatty(1)
  },
  env: process.env,
}

/** The access log as its settings say: short lines for a person, JSON lines for everything else. */
export function makeAccessLog(
  { path, format, headers }: AccessLogConfig,
  sink: LineSink,
  clock: Clock,
  { isTerminal, env }: LogPlace = PROCESS,
): AccessLog {
  const isSeen = path === 'stdout' && isTerminal
  if (format === 'json' || (format === 'auto' && !isSeen)) return new JsonAccessLog(sink, clock, headers)
  // https://no-color.org: any text but an empty one.
  const hasColor = isSeen && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  return new ShortAccessLog(sink, clock, hasColor)
}
