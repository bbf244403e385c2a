import type { Clock } from '@headgate/core'
import { Kept } from './kept.ts'
import { FileWatch, type Fingerprint } from './file-watch.ts'

/** Told of files that are watched. */
export interface FileListener {
  changed(path: string): void
  /** The system cannot watch it, as when its watches are used up. */
  unwatched(path: string, reason: string): void
}

/** Watches some files, which may be others later. */
export class FileWatches {
  private watches = new Kept()
  private files: ReadonlySet<string> = new Set()
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
    return this.files
  }

  /** Watches these from now on, and no others. */
  follow(files: Iterable<string>): void {
    this.files = new Set(files)
    this.watches = new Kept(this.watches)
    for (const path of this.files)
      this.watches.keep(
        'watch',
        path,
        () => this.watch(path),
        (watch) => watch.stop(),
      )
    this.watches.settle()
  }

  stop(): void {
    this.follow([])
  }

  private watch(path: string): FileWatch {
    const watch = new FileWatch(path, this.clock, () => this.listener.changed(path), this.fingerprint)
    try {
      watch.start()
    } catch (error) {
      this.listener.unwatched(path, error instanceof Error ? error.message : String(error))
    }
    return watch
  }
}
