import { createHash } from 'node:crypto'
import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Clock, Timer } from '@headgate/core'

/** An editor writes in several steps: milliseconds of quiet before the file is looked at. */
const QUIET = 200

/**
 * Tells when the content of a file is another one. The folder is watched, not the file: editors and Kubernetes put another
 * file, or another link, in its place.
 */
export class FileWatch {
  private readonly file: string
  private readonly changed: () => void
  private readonly timer: Timer
  private watcher: FSWatcher | undefined
  private digest: string | undefined

  constructor(file: string, clock: Clock, changed: () => void) {
    this.file = resolve(file)
    this.changed = changed
    this.timer = clock.timer(() => this.look())
  }

  /** @throws Error if the system cannot watch, as when its watches are used up */
  start(): void {
    this.digest = digestOf(this.file)
    this.watcher = watch(dirname(this.file), { persistent: false }, () => this.timer.arm(QUIET))
    // As when the folder is removed: SIGHUP still works.
    this.watcher.on('error', () => {})
  }

  stop(): void {
    this.timer.disarm()
    this.watcher?.close()
  }

  private look(): void {
    const digest = digestOf(this.file)
    // Gone for a moment, while it is replaced.
    if (digest === undefined || digest === this.digest) return
    this.digest = digest
    this.changed()
  }
}

function digestOf(file: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex')
  } catch {
    return undefined
  }
}
