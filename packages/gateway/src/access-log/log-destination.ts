import { constants, fstatSync, openSync } from 'node:fs'

const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants
/** Lines tell who asked for what: not for everybody on the machine. */
const MODE = 0o640

/**
 * Opens what a log is written to: a file, or `stdout`. Each thread opens it for itself.
 * @throws Error as `fs.openSync` does
 */
export function openLogDestination(path: string): number {
  return path === 'stdout' ? openStdout() : openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, MODE)
}

/**
 * Where standard output is a pipe, it is opened a second time, so that only this one does not block: a write that waits
 * for a reader that has stopped would keep the process from ending. The first is shared with other programs, which
 * may not expect that of it.
 */
function openStdout(): number {
  try {
    if (fstatSync(1).isFIFO()) return openSync('/proc/self/fd/1', O_WRONLY | O_NONBLOCK)
  } catch {
    // Not on Linux, or nobody reads: the writer finds out.
  }
  return 1
}
