import { type FSWatcher, type Stats, lstatSync, readlinkSync, statSync, watch } from 'node:fs'
import { parse, resolve, sep } from 'node:path'

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
