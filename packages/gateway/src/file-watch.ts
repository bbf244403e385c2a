import { createHash } from 'node:crypto'
import { type FSWatcher, readFileSync, statSync, watch } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Clock, Timer } from '@headgate/core'

/** An editor writes in several steps: milliseconds for which the file must be as it is. */
const QUIET = 200

/**
 * Tells when the content of a file is another one. The folder is watched, not the file: editors and Kubernetes put another
 * file, or another link, in its place.
 */
export class FileWatch {
  private readonly file: string
  private readonly changed: () => void
  private readonly fingerprint: (file: string) => string | undefined
  private readonly timer: Timer
  private watcher: FSWatcher | undefined
  private digest: string | undefined
  /** What was found at the last look, if that was another content. */
  private found: string | undefined
  private looking = false

  /** @param fingerprint tells one content of the file from another; undefined where it is not there. Default: a digest */
  constructor(file: string, clock: Clock, changed: () => void, fingerprint: typeof digestOf = digestOf) {
    this.file = resolve(file)
    this.changed = changed
    this.fingerprint = fingerprint
    this.timer = clock.timer(() => this.look())
  }

  /** @throws Error if the system cannot watch, as when its watches are used up */
  start(): void {
    this.digest = this.fingerprint(this.file)
    this.watcher = watch(dirname(this.file), { persistent: false }, () => this.noticed())
    // As when the folder is removed: SIGHUP still works.
    this.watcher.on('error', () => {})
  }

  stop(): void {
    this.looking = false
    this.timer.disarm()
    this.watcher?.close()
  }

  /** Not put off by what follows: something else in the folder, such as a log, may be written to without end. */
  private noticed(): void {
    if (this.looking) return
    this.looking = true
    this.timer.arm(QUIET)
  }

  private look(): void {
    this.looking = false
    const digest = this.fingerprint(this.file)
    const isSettled = digest === this.found
    this.found = digest
    // Gone for a moment, while it is replaced.
    if (digest === undefined || digest === this.digest) return
    if (!isSettled) return this.noticed()
    this.digest = digest
    this.changed()
  }
}

function digestOf(file: string): string | undefined {
  try {
    // A pipe or a device in its place would be read without end.
    if (!statSync(file).isFile()) return undefined
    return createHash('sha256').update(readFileSync(file)).digest('hex')
  } catch {
    return undefined
  }
}
