import type { Clock } from '@headgate/core'
import { FileWatch, type Fingerprint } from './file-watch.ts'

/** Told of files that are watched. */
export interface FileListener {
  changed(path: string): void
  /** The system cannot watch it, as when its watches are used up. */
  unwatched(path: string, reason: string): void
}

/** Watches some files, which may be others later. */
export class FileWatches {
  private readonly watches = new Map<string, FileWatch>()
  private readonly clock: Clock
  private readonly listener: FileListener
  private readonly fingerprint: Fingerprint | undefined

  /** @param fingerprint as that of `FileWatch` */
  constructor(clock: Clock, listener: FileListener, fingerprint?: Fingerprint) {
    this.clock = clock
    this.listener = listener
    this.fingerprint = fingerprint
  }

  get paths(): Iterable<string> {
    return this.watches.keys()
  }

  /** Watches these from now on, and no others. */
  follow(files: Iterable<string>): void {
    const paths = new Set(files)
    for (const [path, watch] of this.watches) {
      if (paths.has(path)) continue
      watch.stop()
      this.watches.delete(path)
    }
    for (const path of paths) if (!this.watches.has(path)) this.watch(path)
  }

  stop(): void {
    this.follow([])
  }

  private watch(path: string): void {
    const watch = new FileWatch(path, this.clock, () => this.listener.changed(path), this.fingerprint)
    this.watches.set(path, watch)
    try {
      watch.start()
    } catch (error) {
      this.listener.unwatched(path, error instanceof Error ? error.message : String(error))
    }
  }
}
