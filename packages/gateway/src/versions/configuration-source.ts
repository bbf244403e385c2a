import { dirname, resolve } from 'node:path'
import { systemClock } from '@headgate/core'
import { loadConfig, type LoadResult } from '../config/load.ts'
import { FileWatches } from '../file-watch.ts'

/** Where a configuration comes from, and what tells that it has changed there. */
export interface ConfigurationSource {
  /** For people. */
  readonly name: string
  /** Where relative paths start. */
  readonly folder: string
  read(): Promise<LoadResult>
  /** Tells of changes from now on, until what it returns is called. Left out: nothing changes by itself. */
  watch?(listener: SourceListener): () => void
}

export interface SourceListener {
  /** It may be another one now: time to read it. */
  changed(): void
  /** Changes will go unseen, and why. */
  unwatched(what: string, reason: string): void
}

type FurtherFiles = readonly string[]

/** A file; those that hold values of its variables, or schemas, belong to it. */
export class FileSource implements ConfigurationSource {
  readonly name: string
  readonly folder: string
  private readonly path: string
  private furtherFiles: FurtherFiles
  private watches: FileWatches | undefined

  /** @param furtherFiles as they were when it was read last */
  constructor(file: string, furtherFiles: FurtherFiles = []) {
    this.name = file
    this.path = resolve(file)
    this.folder = dirname(this.path)
    this.furtherFiles = furtherFiles
  }

  async read(): Promise<LoadResult> {
    const loaded = await loadConfig(this.name)
    const { ok, furtherFiles: now = [] } = loaded
    // Where it is refused, those of before are in force still, and one that is missing may come.
    this.furtherFiles = ok ? now : [...new Set([...this.furtherFiles, ...now])]
    this.follow()
    return loaded
  }

  watch(listener: SourceListener): () => void {
    const watches = new FileWatches(systemClock, {
      changed: () => listener.changed(),
      unwatched: (path, reason) =>
        listener.unwatched(path === this.path ? 'the configuration file' : path, reason),
    })
    this.watches = watches
    this.follow()
    return () => {
      this.watches = undefined
      watches.stop()
    }
  }

  private follow(): void {
    this.watches?.follow([this.path, ...this.furtherFiles])
  }
}
