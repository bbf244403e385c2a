import { lstatSync, readdirSync, rmdirSync, rmSync, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { idOf, isOwn, isUnfinished } from './version-file.ts'

/** How many folders are kept, however long ago they were used. */
const MOST = 50
/** Milliseconds for which a folder is kept that nobody uses: 90 days. */
const UNUSED = 90 * 24 * 3_600_000
/** As `stateDirectory` makes them. */
const NAME = /.-[0-9a-f]{8}$/

/**
 * Removes the folders of configuration files that nobody has used for long, once there are many: each file that a gateway was
 * ever started with has one. Only what a gateway has written goes; a folder with anything else in it stays.
 * @param own the folder in use, made by `stateDirectory`
 * @param now milliseconds since 1970-01-01 UTC
 * @returns those that are gone
 */
export function removeOldState(own: string, now: number): string[] {
  const parent = dirname(own)
  try {
    // The time of its last use: a start that changes nothing writes nothing.
    utimesSync(own, now / 1000, now / 1000)
    const folders = readdirSync(parent)
      .filter((name) => NAME.test(name))
      .map((name) => ({ path: join(parent, name), stats: lstatSync(join(parent, name)) }))
      .filter(({ path, stats }) => path !== own && stats.isDirectory() && isOwn(stats))
      .sort((one, other) => other.stats.mtimeMs - one.stats.mtimeMs)
    return folders
      .slice(MOST - 1)
      .filter(({ path, stats }) => now - stats.mtimeMs > UNUSED && isRemoved(path))
      .map(({ path }) => path)
  } catch {
    // Not there, or not ours: nothing that a gateway could not live with.
    return []
  }
}

function isRemoved(folder: string): boolean {
  try {
    const names = readdirSync(folder)
    if (!names.every((name) => idOf(name) !== undefined || isUnfinished(name))) return false
    for (const name of names) rmSync(join(folder, name), { force: true })
    rmdirSync(folder)
    return true
  } catch {
    return false
  }
}
