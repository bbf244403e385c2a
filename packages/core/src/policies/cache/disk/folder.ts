import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { codeOf, DiskCacheError } from './disk-error.ts'
import { makeFolders } from './disk-files.ts'
import { makeFolder } from './make-folder.ts'

/** Says that a folder is a cache of ours, in which files may be removed. */
const MARK = 'headgate-cache'
/** The form of what is stored. Of another form, nothing is read, and what there is is removed. */
const FORM = 'v1'
const LOCK = 'lock'
/** A lock of another machine that was not renewed for so long, in milliseconds, is nobody's. */
const STALE = 30_000

interface Holder {
  readonly pid: number
  readonly host: string
  /** When the process was started, as the system tells it: a number may be given to another process. */
  readonly started: string
}

/** Where the entries of a cache are. */
export function rootOf(path: string): string {
  return join(path, FORM)
}

/** The folder of a cache, which one process has at a time. */
export class Folder {
  /** Where its entries are. */
  readonly root: string
  private readonly lock: string

  /**
   * Makes it where it is not there, and takes it for this process.
   * @param now wall time in milliseconds
   * @throws DiskCacheError if it cannot be used, or somebody else has it
   */
  constructor(path: string, now: number) {
    this.root = rootOf(path)
    this.lock = join(path, LOCK)
    try {
      prepare(path)
      acquire(path, this.lock, now)
      makeFolders(this.root)
      for (const name of readdirSync(path))
        if (/^v\d+$/.test(name) && name !== FORM) rmSync(join(path, name), { recursive: true, force: true })
    } catch (error) {
      if (error instanceof DiskCacheError) throw error
      const { message } = error instanceof Error ? error : new Error(String(error))
      throw new DiskCacheError(
        `the cache cannot be kept in ${path}: ${message}; it must be a folder that this user may write to`,
        { cause: error },
      )
    }
  }

  /** Shows that this process still has it. */
  renew(now: number): void {
    utimesSync(this.lock, now / 1000, now / 1000)
  }

  /** Gives it back. */
  release(): void {
    rmSync(this.lock, { force: true })
  }
}

/** What is not ours is left alone. */
function prepare(path: string): void {
  makeFolder(path)
  const mark = join(path, MARK)
  if (existsSync(mark)) return
  const found = readdirSync(path).filter((name) => name !== 'lost+found')
  if (found.length > 0)
    throw new DiskCacheError(
      `${path} is no cache of Headgate, and not empty: it has ${found[0]}; choose an empty folder, as entries are removed from it`,
    )
  writeFileSync(mark, 'Headgate keeps responses here. The folder may be removed while no gateway runs.\n', {
    mode: 0o600,
  })
}

function acquire(path: string, lock: string, now: number): void {
  const mine: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) ?? '' }
  for (let tries = 0; ; tries++) {
    try {
      writeFileSync(lock, JSON.stringify(mine), { flag: 'wx', mode: 0o600 })
      utimesSync(lock, now / 1000, now / 1000)
      return
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || tries >= 3) throw error
    }
    const holder = holderOf(lock)
    if (holder !== undefined && holds(holder, mine, lock, now))
      throw new DiskCacheError(
        `the cache in ${path} is used by process ${holder.pid} on ${holder.host}: each needs a folder of its own`,
      )
    rmSync(lock, { force: true })
  }
}

/** Undefined for a lock that was not written whole: whoever made it did not live to use it. */
function holderOf(lock: string): Holder | undefined {
  try {
    const { pid, host, started } = JSON.parse(readFileSync(lock, 'utf8')) as Partial<Holder>
    return typeof pid === 'number' && typeof host === 'string' && typeof started === 'string'
      ? { pid, host, started }
      : undefined
  } catch {
    return undefined
  }
}

/** Whether the process that a lock names is there. That of another machine shows it by renewing the lock. */
function holds(holder: Holder, mine: Holder, lock: string, now: number): boolean {
  if (holder.host !== mine.host) return now - modifiedAt(lock) < STALE
  const started = startOf(holder.pid)
  if (started !== undefined) return started === holder.started
  if (existsSync('/proc/self/stat')) return false
  try {
    process.kill(holder.pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

function modifiedAt(lock: string): number {
  try {
    return statSync(lock).mtimeMs
  } catch {
    return 0
  }
}

/** Undefined where there is no such process, or where the system does not tell. */
function startOf(pid: number): string | undefined {
  try {
    // The name of the program, in brackets, may hold anything (proc(5)): the 20th field behind it is what is wanted.
    return readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')[19]
  } catch {
    return undefined
  }
}
