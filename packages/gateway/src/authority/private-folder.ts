import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { join } from 'node:path'
import { LARGEST_PEM, readPlainFile } from '../plain-file.ts'
import { writeWhole } from '../whole-file.ts'

/** What is written is whole before it has its name; until then its name ends so. */
const UNFINISHED = '.new'
/** What was left unfinished so long ago nobody finishes any more: milliseconds. */
const ABANDONED = 3_600_000

/**
 * A folder that nobody else may look into, for keys. A file in it is whole or not there, whenever the process ends. Every method
 * throws the error of the system.
 */
export class PrivateFolder {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** Undefined where there is none. */
  read(name: string): Buffer | undefined {
    try {
      return readPlainFile(join(this.path, name), LARGEST_PEM)
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** In place of what there was. */
  write(name: string, content: string | Buffer): void {
    this.unfinished(name, content, (unfinished, file) => renameSync(unfinished, file))
  }

  /** Returns false, with nothing changed, where there is one of that name. */
  create(name: string, content: string | Buffer): boolean {
    try {
      this.unfinished(name, content, (unfinished, file) => {
        linkSync(unfinished, file)
        rmSync(unfinished)
      })
      return true
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
      throw error
    }
  }

  /** Moves a file out of the way; false where somebody else did. */
  move(name: string, to: string): boolean {
    try {
      renameSync(join(this.path, name), join(this.path, to))
      return true
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    }
  }

  remove(name: string): void {
    rmSync(join(this.path, name), { force: true })
  }

  private unfinished(
    name: string,
    content: string | Buffer,
    finish: (unfinished: string, file: string) => void,
  ): void {
    this.make()
    const file = join(this.path, name)
    const unfinished = `${file}.${randomBytes(6).toString('hex')}${UNFINISHED}`
    writeWhole(unfinished, content, () => {
      finish(unfinished, file)
      this.sync()
    })
  }

  /** It may have been made by hand, for others to look into, or hold what a process was writing when it was killed. */
  private make(): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 })
    const { mode } = lstatSync(this.path)
    if ((mode & 0o077) !== 0) chmodSync(this.path, 0o700)
    for (const name of readdirSync(this.path)) {
      if (!name.endsWith(UNFINISHED)) continue
      const file = join(this.path, name)
      const stats = lstatSync(file, { throwIfNoEntry: false })
      if (stats !== undefined && Date.now() - stats.mtimeMs > ABANDONED) rmSync(file, { force: true })
    }
  }

  /** The name of a file is in its folder, which is written by itself. */
  private sync(): void {
    const descriptor = openSync(this.path, constants.O_RDONLY)
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
