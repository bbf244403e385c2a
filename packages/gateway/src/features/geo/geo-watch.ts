import { basename } from 'node:path'
import type { Clock } from '@headgate/core'
import type { GeoConfig } from './setting.ts'
import { FileWatches } from '../../file-watch.ts'
import { fileStamp, type GeoFile, readGeoFile, reasonOf } from './geo-files.ts'

/** What came of a database that has changed on disk. */
export interface GeoChange {
  readonly applied: boolean
  readonly path: string
  /** For the log. */
  readonly message: string
}

/** Who has databases in force. */
export interface GeoOwner {
  /** In force. */
  readonly geoFiles: readonly GeoFile[]
  /** Puts one in force in place of the one with the same path. */
  replaceGeo(file: GeoFile): Promise<void>
  geoChanged(change: GeoChange): void
}

/** Reads databases again when they change. One that cannot be used leaves the one before in force. */
export class GeoWatch {
  private readonly owner: GeoOwner
  private readonly watches: FileWatches
  /** What was refused before, by path: it is said once. */
  private readonly refused = new Map<string, string | undefined>()
  private running: Promise<unknown> = Promise.resolve()

  constructor(owner: GeoOwner, clock: Clock) {
    this.owner = owner
    const listener = {
      changed: (path: string) => this.look(path),
      unwatched: (path: string, reason: string) => this.unwatched(path, reason),
    }
    this.watches = new FileWatches(clock, listener, fileStamp)
  }

  /** Watches the files of a configuration from now on, and no others. */
  follow(geo: GeoConfig | undefined): void {
    this.watches.follow(geo?.database ?? [])
  }

  /** Looks at all files now: where nothing tells of a change, as on some network file systems. */
  refresh(): Promise<unknown> {
    for (const path of this.watches.paths) this.look(path)
    return this.running
  }

  stop(): void {
    this.follow(undefined)
  }

  private unwatched(path: string, reason: string): void {
    this.owner.geoChanged({
      applied: false,
      path,
      message: `geo: ${basename(path)} cannot be watched: ${reason}; SIGHUP reads it again`,
    })
  }

  /** One after the other: each is as large as the memory of many requests. */
  private look(path: string): void {
    this.running = this.running.then(() => this.readAgain(path))
  }

  private async readAgain(path: string): Promise<void> {
    const current = this.owner.geoFiles.find((each) => each.path === path)
    const stamp = fileStamp(path)
    // It has left the configuration, or is what is in force.
    if (current === undefined || current.stamp === stamp) return
    if (this.refused.has(path) && this.refused.get(path) === stamp) return
    try {
      const file = await readGeoFile(path)
      await this.owner.replaceGeo(file)
      this.refused.delete(path)
      this.owner.geoChanged({ applied: true, path, message: `geo: ${describe(file)} is in force` })
    } catch (error) {
      this.refused.set(path, stamp)
      const message = `geo: ${basename(path)} cannot be used, ${describe(current)} stays in force: ${reasonOf(error)}`
      this.owner.geoChanged({ applied: false, path, message })
    }
  }
}

/** `GeoLite2-City.mmdb (GeoLite2-City of 2026-11-17)`. */
function describe({ path, type, builtAt }: GeoFile): string {
  const built = new Date(builtAt * 1000)
  const day = Number.isNaN(built.getTime()) ? 'an unknown day' : built.toISOString().slice(0, 10)
  return `${basename(path)} (${type || 'of no known type'} of ${day})`
}
