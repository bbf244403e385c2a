import { randomUUID } from 'node:crypto'
import { existsSync, renameSync, statSync } from 'node:fs'
import { LARGEST_SECRET, readPlainFile } from '../../../plain-file.ts'
import { whyUnreadable } from '../../../settings/read/read-text.ts'
import { type KeyLine, parseKeyLines } from './key-lines.ts'
import { writeWhole } from '../../../whole-file.ts'

/** Of a new file. It stays when the last key has gone: a file that is empty would be none, and what was in force would stay so. */
const FIRST_LINE = '# NAME sha256:HASH groups=… scopes=… expires=…; headgate keys writes this file'

/** A file of keys, as it is kept from the command line. What stands in it besides keys stays as it is. */
export class KeyFile {
  private readonly path: string
  private readonly lines: readonly string[]
  readonly keys: readonly KeyLine[]

  private constructor(path: string, text: string, keys: readonly KeyLine[]) {
    this.path = path
    this.lines = text === '' ? [FIRST_LINE] : text.replace(/\r?\n$/, '').split(/\r?\n/)
    this.keys = keys
  }

  /**
   * @param mayBeNew whether one that is not there is an empty one
   * @returns why it cannot be used, in words that continue a sentence
   */
  static open(path: string, mayBeNew: boolean): KeyFile | string {
    if (mayBeNew && !existsSync(path)) return new KeyFile(path, '', [])
    try {
      const text = readPlainFile(path, LARGEST_SECRET).toString('utf8')
      const read = parseKeyLines(text)
      return read.ok ? new KeyFile(path, text, read.value) : `it ${read.problem}`
    } catch (error) {
      return `it cannot be read: ${whyUnreadable(error)}`
    }
  }

  has(name: string): boolean {
    return this.keys.some(({ fields }) => fields.name === name)
  }

  /** Writes it anew with a further line. Throws as the file system does. */
  add(line: string): void {
    this.write([...this.lines, line])
  }

  /** Writes it anew without the key of that name. @returns whether there was one */
  remove(name: string): boolean {
    const gone = new Set(this.keys.filter(({ fields }) => fields.name === name).map(({ line }) => line))
    if (gone.size === 0) return false
    this.write(this.lines.filter((_, index) => !gone.has(index + 1)))
    return true
  }

  /** Writes it as it was when it was opened. */
  restore(): void {
    this.write(this.lines)
  }

  /** Whoever reads it meanwhile finds the one or the other whole. */
  private write(lines: readonly string[]): void {
    const mode = existsSync(this.path) ? statSync(this.path).mode & 0o777 : 0o600
    const unfinished = `${this.path}.${randomUUID()}`
    const text = lines.map((line) => `${line}\n`).join('')
    writeWhole(unfinished, text, () => renameSync(unfinished, this.path), mode)
  }
}
