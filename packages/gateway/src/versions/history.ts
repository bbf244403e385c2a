import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What brought a configuration about. */
export type VersionOrigin = 'start' | 'file' | 'signal' | 'admin' | 'rollback'

export interface VersionFacts {
  /** Counts up, over restarts too. */
  readonly id: number
  /** Of the configuration and the files that it names. */
  readonly hash: string
  /** When it was put in force, in ISO 8601. */
  readonly time: string
  readonly origin: VersionOrigin
  /** Who, as far as that is known. */
  readonly author?: string | undefined
  /** What it changed, in a line. */
  readonly summary: string
}

/** A configuration that was put in force. */
export interface Version extends VersionFacts {
  /** As it was written. */
  readonly input: unknown
  /** Where its relative paths start. */
  readonly folder: string
}

const FILE = /^(\d{6,})\.json$/

/**
 * The configurations that were applied, the last ones of them, in a folder. They may hold secrets, as the configuration may:
 * nobody but the owner reads them. Where the folder cannot be written, they are kept in memory.
 */
export class VersionHistory {
  private readonly directory: string | undefined
  private readonly keep: number
  private readonly report: (message: string) => void
  private versions: Version[] = []
  /** Given to a version or to a file that cannot be read as one: no other one gets it. */
  private lastId = 0
  private broken = false
  /** Files of versions that are not kept any more, and still there. */
  private surplus: readonly Version[] = []

  /**
   * @param directory undefined: in memory only
   * @param report told, once, that the folder cannot be used
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
    const added = { id: ++this.lastId, ...version }
    this.versions.push(added)
    const dropped = this.versions.splice(0, Math.max(0, this.versions.length - this.keep))
    if (this.directory !== undefined) this.write(this.directory, added, dropped)
    return added
  }

  private read(directory: string): void {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      const names = readdirSync(directory).filter((name) => FILE.test(name))
      this.lastId = Math.max(0, ...names.map((name) => Number.parseInt(name)))
      const versions = names.flatMap((name) => this.readOne(join(directory, name)))
      versions.sort((one, other) => one.id - other.id)
      this.versions = versions.slice(-this.keep)
      this.surplus = versions.slice(0, -this.keep)
    } catch (error) {
      this.unusable(error)
    }
  }

  private readOne(file: string): Version[] {
    try {
      const read: unknown = JSON.parse(readFileSync(file, 'utf8'))
      if (isVersion(read) && file.endsWith(fileName(read))) return [read]
      this.report(`${file} is no version of a configuration, and passed over`)
    } catch (error) {
      this.report(`${file} cannot be read, and is passed over: ${reason(error)}`)
    }
    return []
  }

  private write(directory: string, version: Version, dropped: readonly Version[]): void {
    const file = join(directory, fileName(version))
    try {
      writeWhole(file, `${JSON.stringify(version)}\n`)
      for (const each of [...this.surplus, ...dropped])
        rmSync(join(directory, fileName(each)), { force: true })
      this.surplus = []
    } catch (error) {
      this.unusable(error)
    }
  }

  private unusable(error: unknown): void {
    if (this.broken) return
    this.broken = true
    this.report(
      `versions of the configuration are kept in memory only, and lost at the end: ${reason(error)}; set versions.directory to a folder that can be written`,
    )
  }
}

/** Or not at all, whenever the process ends. */
function writeWhole(file: string, text: string): void {
  const unfinished = `${file}.new`
  try {
    writeFileSync(unfinished, text, { mode: 0o600 })
    renameSync(unfinished, file)
  } catch (error) {
    if (existsSync(unfinished)) rmSync(unfinished, { force: true })
    throw error
  }
}

function fileName({ id }: VersionFacts): string {
  return `${String(id).padStart(6, '0')}.json`
}

function isVersion(value: unknown): value is Version {
  if (typeof value !== 'object' || value === null) return false
  const { id, hash, time, folder, input } = value as Partial<Version>
  const texts = [hash, time, folder].every((text) => typeof text === 'string')
  return texts && Number.isSafeInteger(id) && typeof input === 'object' && input !== null
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
