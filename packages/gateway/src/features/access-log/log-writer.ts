import { close, constants, fstatSync, openSync, write } from 'node:fs'
import type { Clock, Timer } from '@headgate/core'
import type { LineSink } from './access-log.ts'

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

/** Options of `LogWriter`. */
export interface LogWriterOptions {
  readonly clock: Clock
  /** Counts lines that were lost. */
  readonly dropped: { add(lines: number): void }
  /** Where they go, for whoever is told. */
  readonly place?: string
  /** Told when lines cannot be written, and when they can again. */
  readonly report: (message: string) => void
  /** The most bytes to hold while they cannot be written: what comes then is dropped. Default 8 MiB. */
  readonly bufferLimit?: number
}

/** Bytes that are written without waiting for more. */
const BATCH = 64 * 1024
/** Milliseconds that a line waits for others. */
const FLUSH_AFTER = 100
/** Milliseconds before the next try where a pipe is full, and where something is wrong. */
const FULL_RETRY = 20
const FAILED_RETRY = 1_000
/** Milliseconds for what is left at the end. */
const CLOSE_TIMEOUT = 2_000
/** What a pipe takes whole or not at all (PIPE_BUF of Linux). */
const PIPE_BUF = 4096
const LINE_FEED = 0x0a

/**
 * Writes lines to a file descriptor, in batches and in the background: a log must neither hold up traffic nor end it.
 * While lines cannot be written (no space, no reader), they are kept as far as the buffer reaches, then dropped and
 * counted, and writing is tried again and again. Several threads may write to one destination without mixing lines.
 */
export class LogWriter implements LineSink {
  private readonly fd: number
  private readonly options: LogWriterOptions
  private readonly bufferLimit: number
  /** A file opened for appending takes a batch whole; a pipe, and what may be like one, only so much. */
  private readonly writeLimit: number
  /** Until the next try. */
  private readonly timer: Timer
  /** Lines that make up the next batch. */
  private waiting = ''
  /** Batches to be written, the first from `offset` on. */
  private batches: Buffer[] = []
  private offset = 0
  private batchedBytes = 0
  private state: 'idle' | 'writing' | 'full' | 'failing' | 'ended' = 'idle'
  /** Whether the trouble has been reported, and how many lines it has cost. */
  private reported = false
  private lost = 0
  private closed: (() => void) | undefined

  /** @param fd owned from now on, and closed in the end unless it is a standard stream */
  constructor(fd: number, options: LogWriterOptions) {
    this.fd = fd
    this.options = options
    this.bufferLimit = options.bufferLimit ?? 8 * 1024 * 1024
    const stat = fstatSync(fd)
    this.writeLimit = stat.isFile() || stat.isCharacterDevice() ? Infinity : PIPE_BUF
    this.timer = options.clock.timer(() => this.flush())
  }

  write(line: string): void {
    if (
      this.closed !== undefined ||
      this.batchedBytes + this.waiting.length + line.length > this.bufferLimit
    ) {
      this.drop(1)
      return
    }
    if (this.waiting === '' && this.state === 'idle') this.timer.arm(FLUSH_AFTER)
    this.waiting += line
    if (this.waiting.length < BATCH) return
    this.seal()
    if (this.state === 'idle') this.flush()
  }

  /** Takes no more lines; resolves when all are written, or as many as could be within two seconds. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      const limit = this.options.clock.timer(() => this.end())
      // The clock's timers do not keep a thread alive, and there may be nothing else left that does.
      const alive = setInterval(() => {}, CLOSE_TIMEOUT)
      this.closed = () => {
        limit.disarm()
        clearInterval(alive)
        resolve()
      }
      limit.arm(CLOSE_TIMEOUT)
      if (this.state !== 'writing') this.flush()
    })
  }

  private flush(): void {
    this.seal()
    const batch = this.batches[0]
    if (batch === undefined) {
      this.state = 'idle'
      if (this.closed !== undefined) this.end()
      return
    }
    this.state = 'writing'
    this.timer.disarm()
    write(this.fd, batch, this.offset, wholeLines(batch, this.offset, this.writeLimit), null, this.written)
  }

  private readonly written = (error: NodeJS.ErrnoException | null, bytes: number): void => {
    if (this.state === 'ended') {
      if (error === null) this.offset += bytes
      return this.abandon()
    }
    if (error !== null) return error.code === 'EAGAIN' ? this.full() : this.failed(error)
    if (this.reported) this.recovered()
    this.offset += bytes
    this.batchedBytes -= bytes
    if (this.offset === this.batches[0]?.length) {
      this.batches.shift()
      this.offset = 0
    }
    if (this.batches.length > 0 || this.closed !== undefined) return this.flush()
    this.state = 'idle'
    if (this.waiting !== '') this.timer.arm(FLUSH_AFTER)
  }

  /** The reader is slow. */
  private full(): void {
    this.state = 'full'
    this.timer.arm(FULL_RETRY)
  }

  private failed(error: NodeJS.ErrnoException): void {
    this.state = 'failing'
    if (!this.reported) {
      this.reported = true
      this.options.report(
        `the access log cannot be written: ${error.message}${this.place()}; ` +
          `make room there or set accessLog.path; up to ${this.bufferLimit} bytes are kept, further lines are dropped, writing is tried each second`,
      )
    }
    if (this.closed !== undefined) this.end()
    else this.timer.arm(FAILED_RETRY)
  }

  private place(): string {
    return this.options.place === undefined ? '' : ` to ${this.options.place}`
  }

  private recovered(): void {
    this.reported = false
    this.options.report(`the access log is written again${this.place()}; ${this.lost} lines were dropped`)
    this.lost = 0
  }

  private drop(lines: number): void {
    if (lines === 0) return
    this.lost += lines
    this.options.dropped.add(lines)
  }

  private seal(): void {
    if (this.waiting === '') return
    this.batches.push(Buffer.from(this.waiting, 'latin1'))
    this.batchedBytes += this.waiting.length
    this.waiting = ''
  }

  private end(): void {
    const busy = this.state === 'writing'
    this.state = 'ended'
    this.timer.disarm()
    this.seal()
    // A write on its way may yet succeed, and until then the descriptor must not become another file's.
    if (!busy) this.abandon()
    this.closed?.()
  }

  private abandon(): void {
    this.drop(
      this.batches.reduce(
        (lines, batch, index) => lines + countLines(batch, index === 0 ? this.offset : 0),
        0,
      ),
    )
    this.batches = []
    if (this.fd > 2) close(this.fd, () => {})
  }
}

/** How many bytes from `start` on may be written at once: within the limit, whole lines; at least one line. */
function wholeLines(batch: Buffer, start: number, limit: number): number {
  if (batch.length - start <= limit) return batch.length - start
  const last = batch.lastIndexOf(LINE_FEED, start + limit - 1)
  return (last >= start ? last : batch.indexOf(LINE_FEED, start)) + 1 - start
}

function countLines(batch: Buffer, start: number): number {
  let lines = 0
  for (let at = batch.indexOf(LINE_FEED, start); at >= 0; at = batch.indexOf(LINE_FEED, at + 1)) lines++
  return lines
}
