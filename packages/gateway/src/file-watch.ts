import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Clock, Timer } from '@headgate/core'
import { readPlainFile } from './plain-file.ts'
import { WatchedFolders } from './watched-folders.ts'

/** An editor writes in several steps: milliseconds for which the file must be as it is. */
const QUIET = 200

/** Files are gone for a moment while they are replaced. What is no file for longer than that is one that cannot be read: milliseconds. */
const GONE = 2_000

/** Larger ones are told apart by what the file system says of them: to read them again and again would take long. Bytes. */
const LARGEST_READ = 64 * 1024 * 1024

/** Tells one content of a file from another; undefined where it is not there, or no file. */
export type Fingerprint = (file: string) => string | undefined

/**
 * Tells when the content of a file is another one. The folders on the way are watched, not the file: editors and Kubernetes put
 * another file, or another link, in its place.
 */
export class FileWatch {
  private readonly file: string
  private readonly changed: () => void
  private readonly fingerprint: Fingerprint
  private readonly timer: Timer
  private readonly folders: WatchedFolders
  private digest: string | undefined
  /** What was found at the last look, if that was another content. */
  private found: string | undefined
  private looking = false
  private readonly absence: Timer
  private isAwaited = false

  /** @param fingerprint default: a digest of what is in it */
  constructor(file: string, clock: Clock, changed: () => void, fingerprint: Fingerprint = digestOf) {
    this.file = resolve(file)
    this.changed = changed
    this.fingerprint = fingerprint
    this.timer = clock.timer(() => this.look())
    this.absence = clock.timer(() => this.stillGone())
    this.folders = new WatchedFolders(this.file, () => this.noticed())
  }

  /** @throws Error if the system cannot watch, as when its watches are used up */
  start(): void {
    this.digest = this.fingerprint(this.file)
    this.folders.follow()
  }

  stop(): void {
    this.looking = false
    this.timer.disarm()
    this.absence.disarm()
    this.folders.stop()
  }

  /** Not put off by what follows: something else in the folder, such as a log, may be written to without end. */
  private noticed(): void {
    if (this.looking) return
    this.looking = true
    this.timer.arm(QUIET)
  }

  private look(): void {
    this.looking = false
    this.followAgain()
    const digest = this.fingerprint(this.file)
    const isSettled = digest === this.found
    this.found = digest
    if (digest === undefined) return this.missed()
    this.isAwaited = false
    this.absence.disarm()
    if (digest === this.digest) return
    if (!isSettled) return this.noticed()
    this.digest = digest
    this.changed()
  }

  private missed(): void {
    if (this.digest === undefined || this.isAwaited) return
    this.isAwaited = true
    this.absence.arm(GONE)
  }

  /** Whoever reads it now says what is wrong. It is told once, and again when there is a file, whatever is in it. */
  private stillGone(): void {
    this.isAwaited = false
    if (this.fingerprint(this.file) !== undefined) return
    this.digest = undefined
    this.changed()
  }

  /** Links may lead elsewhere now. */
  private followAgain(): void {
    try {
      this.folders.follow()
    } catch {
      // As when watches are used up: SIGHUP still works.
    }
  }
}

function digestOf(file: string): string | undefined {
  try {
    // A pipe or a device in its place would be read without end.
    const stats = statSync(file)
    if (!stats.isFile()) return undefined
    if (stats.size > LARGEST_READ) return `${stats.ino} ${stats.size} ${stats.mtimeMs}`
    return createHash('sha256').update(readPlainFile(file, LARGEST_READ)).digest('hex')
  } catch {
    return undefined
  }
}
