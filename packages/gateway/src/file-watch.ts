import { createHash } from 'node:crypto'
import { type FSWatcher, lstatSync, readlinkSync, type Stats, statSync, watch } from 'node:fs'
import { parse, resolve, sep } from 'node:path'
import type { Clock, Timer } from '@headgate/core'
import { readPlainFile } from './plain-file.ts'
import { Kept } from './kept.ts'

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

/** As many links as Linux follows. */
const MOST_LINKS = 40

/**
 * The folders in which something must change for the path to lead to another file: that of the file, and that of each link on
 * the way, as `..data` of Kubernetes, which is put in the place of another for all files of a volume at once. Where the way
 * ends, the folder in which it may go on one day is the last.
 */
function foldersOf(path: string): string[] {
  const folders = new Set<string>()
  let links = 0
  let here = parse(resolve(path)).root
  const left = resolve(path).slice(here.length).split(sep).reverse()
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    const next = resolve(here, name)
    const found = look(next)
    if (found === undefined || left.length === 0 || found.isSymbolicLink()) folders.add(here)
    if (found === undefined) break
    if (!found.isSymbolicLink()) {
      here = next
      continue
    }
    if (++links > MOST_LINKS) break
    const target = resolve(here, readlinkSync(next))
    here = parse(target).root
    left.push(...target.slice(here.length).split(sep).reverse())
  }
  return [...folders]
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch {
    return undefined
  }
}

/** Tells that something may have changed on the way to a file. */
export class WatchedFolders {
  private readonly file: string
  private readonly noticed: () => void
  /** By path; another folder at the same path is another one to watch. */
  private readonly watchers = new Map<string, { readonly inode: number; readonly watcher: FSWatcher }>()

  constructor(file: string, noticed: () => void) {
    this.file = file
    this.noticed = noticed
  }

  /**
   * Watches the folders that the path leads through now, and no others.
   * @throws Error if the system cannot watch one of them, as when its watches are used up
   */
  follow(): void {
    const folders = new Set(foldersOf(this.file))
    for (const [folder, { inode, watcher }] of this.watchers) {
      if (folders.has(folder) && inodeOf(folder) === inode) continue
      watcher.close()
      this.watchers.delete(folder)
    }
    for (const folder of folders) if (!this.watchers.has(folder)) this.watch(folder)
  }

  stop(): void {
    for (const { watcher } of this.watchers.values()) watcher.close()
    this.watchers.clear()
  }

  private watch(folder: string): void {
    const inode = inodeOf(folder)
    const watcher = watch(folder, { persistent: false }, () => this.noticed())
    // As when the folder is removed: SIGHUP still works.
    watcher.on('error', () => {})
    this.watchers.set(folder, { inode, watcher })
  }
}

function inodeOf(folder: string): number {
  return statSync(folder, { throwIfNoEntry: false })?.ino ?? 0
}
