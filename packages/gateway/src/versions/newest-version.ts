import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { idOf, readVersion } from './version-file.ts'
import type { Version } from './version.ts'

/** How many files are tried. */
const MOST = 20

/**
 * The last version that a gateway has put in force, for whoever looks from outside; nothing is changed or made.
 * @throws Error if the folder cannot be read
 */
export function newestVersion(directory: string): Version | undefined {
  const ids = readdirSync(directory)
    .map((name) => ({ name, id: idOf(name) ?? 0 }))
    .filter(({ id }) => id > 0)
    .sort((one, other) => other.id - one.id)
  for (const { name } of ids.slice(0, MOST)) {
    try {
      return readVersion(join(directory, name))
    } catch {
      // Left aside, as the gateway does.
    }
  }
  return undefined
}
