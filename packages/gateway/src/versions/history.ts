import { lstatSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '@headgate/core'
import type { Version } from './version.ts'
import {
  fileName,
  HIGHEST_ID,
  idOf,
  isOwn,
  isUnfinished,
  readVersion,
  unfinishedName,
  writeVersion,
} from './version-file.ts'

/** The newest files that are looked at; no setting keeps more. */
const MOST_FILES = 1_000
/** How many files that are left aside are named. */
const MOST_NAMED = 20

/**
 * The configurations that were applied, the last ones of them, in a folder. They may hold secrets, as the configuration may,
 * and going back needs them: nobody but the owner reads them. Where the folder cannot be written, they are kept in memory.
 */
export class VersionHistory {
  private readonly directory: string | undefined
  private readonly keep: number
  private readonly report: (message: string) => void
  private versions: Version[] = []
  private lastId = 0
  private broken = false
  /** Those of `versions` that could not be written yet. */
  private unwritten: readonly Version[] = []
  /** Versions that are not kept any more, and whose files may still be there. */
  private surplus: readonly Version[] = []

  /**
   * @param directory undefined: in memory only
   * @param report told that the folder cannot be used, and that it can again, and of files in it that cannot
   */
  constructor(directory: string | undefined, keep: number, report: (message: string) => void) {
    this.directory = directory
    this.keep = keep
    this.report = report
    if (directory !== undefined) this.read(directory)
  }

  /** The oldest first. */
  get all(): readonly Version[] {
    return this.versions
  }

  get last(): Version | undefined {
    return this.versions.at(-1)
  }

  find(id: number): Version | undefined {
    return this.versions.find((version) => version.id === id)
  }

  add(version: Omit<Version, 'id'>): Version {
    const added = { id: this.nextId(), ...version }
    this.lastId = added.id
    this.versions.push(added)
    const dropped = this.versions.splice(0, Math.max(0, this.versions.length - this.keep))
    if (this.directory !== undefined) this.write(this.directory, added, dropped)
    return added
  }

  /** Not the number of a file that was left aside: no two things have the same. */
  private nextId(): number {
    let id = this.lastId + 1
    while (this.directory !== undefined && isTaken(join(this.directory, fileName({ id })))) id++
    return id
  }

  private read(directory: string): void {
    try {
      makeFolder(directory)
      this.lookAtFolder(directory)
      const names = readdirSync(directory)
      this.removeUnfinished(directory, names.filter(isUnfinished))
      const found = names.flatMap((name) => {
        const id = idOf(name)
        return id === undefined ? [] : [{ id, name }]
      })
      found.sort((one, other) => one.id - other.id)
      const versions = this.readAll(
        directory,
        found.slice(-MOST_FILES).map(({ name }) => name),
      )
      this.lastId = versions.at(-1)?.id ?? 0
      this.versions = versions.slice(-this.keep)
      this.surplus = versions.slice(0, -this.keep)
    } catch (error) {
      this.unusable(error)
    }
  }

  /** What a process has left that was killed while it wrote; what is no file is nobody's that wrote one. */
  private removeUnfinished(directory: string, names: readonly string[]): void {
    for (const name of names.slice(0, MOST_FILES)) {
      const file = join(directory, name)
      try {
        if (isFolder(file)) this.report(`${file} is a folder, and no file of a version: it is left as it is`)
        else rmSync(file, { force: true })
      } catch (error) {
        this.report(`${file} cannot be removed: ${reason(error)}`)
      }
    }
  }

  private lookAtFolder(directory: string): void {
    const stats = statSync(directory)
    if (isOwn(stats) && (stats.mode & 0o022) === 0) return
    const who = isOwn(stats) ? 'others may write to it' : 'it belongs to another user'
    this.report(`${directory}, where versions of the configuration are kept, is not safe: ${who} (chmod 700)`)
  }

  private readAll(directory: string, names: readonly string[]): Version[] {
    let left = 0
    const versions = names.flatMap((name) => {
      const file = join(directory, name)
      try {
        return [readVersion(file)]
      } catch (error) {
        if (++left <= MOST_NAMED) this.report(`${file} cannot be read, and is passed over: ${reason(error)}`)
        return []
      }
    })
    if (left > MOST_NAMED) this.report(`${left - MOST_NAMED} more files in ${directory} are passed over`)
    return versions
  }

  private write(directory: string, version: Version, dropped: readonly Version[]): void {
    // Those of before, where they could not be written, or their files not be removed: there may be room now.
    this.unwritten = [...this.unwritten, version].filter((each) => this.versions.includes(each))
    this.surplus = [...this.surplus, ...dropped]
    try {
      if (version.id > HIGHEST_ID)
        throw new Error(`the numbers are used up: ${fileName({ id: HIGHEST_ID })} is there`)
      // Somebody may have cleared it away.
      makeFolder(directory)
      for (const each of this.unwritten) {
        writeVersion(join(directory, fileName(each)), each)
        this.unwritten = this.unwritten.filter((other) => other !== each)
      }
      if (this.broken) this.report(`versions of the configuration are kept in ${directory} again`)
      this.broken = false
      for (const each of this.surplus) rmSync(join(directory, fileName(each)), { force: true })
      this.surplus = []
    } catch (error) {
      this.unusable(error)
    }
  }

  private unusable(error: unknown): void {
    if (this.broken) return
    this.broken = true
    this.report(
      `versions of the configuration are kept in memory only, and lost at the end: ${this.directory} cannot be used: ${reason(error)}; make room there, or set versions.directory to a folder that can be written`,
    )
  }
}

/** Whether something stands where the file of a version belongs, or a folder where it would be written first. */
function isTaken(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined || isFolder(unfinishedName(file))
  } catch {
    // There is no such folder.
    return false
  }
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && error.code === 'ELOOP') return 'it is a link'
  return error.message
}
