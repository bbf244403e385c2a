import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
} from 'node:fs'
import { basename } from 'node:path'
import { ORIGINS, type Version, type VersionFacts } from './version.ts'
import { writeWhole } from '../whole-file.ts'

/** Nine digits: what is larger was not counted up to, and would leave no number for what comes next. */
export const HIGHEST_ID = 999_999_999
/** More than any configuration that the admin listener takes. Bytes. */
const LARGEST = 64 * 1024 * 1024
/** Characters of what is shown in a line. */
const LONGEST = 10_000

const FILE = /^(\d{6,9})\.json$/

/** The number that the name of a file stands for; undefined if it is no name of a version. */
export function idOf(name: string): number | undefined {
  const id = Number(FILE.exec(name)?.[1])
  return id > 0 && fileName({ id }) === name ? id : undefined
}

/** Whether a name is that of a version that was not written to its end. */
export function isUnfinished(name: string): boolean {
  return name.endsWith(UNFINISHED) && idOf(name.slice(0, -UNFINISHED.length)) !== undefined
}

const UNFINISHED = '.new'

/** Where a version is written first. */
export function unfinishedName(file: string): string {
  return `${file}${UNFINISHED}`
}

export function fileName({ id }: Pick<VersionFacts, 'id'>): string {
  return `${String(id).padStart(6, '0')}.json`
}

/**
 * What a file holds. Only of a plain file that nobody else can have written: what it says is put in force when somebody goes
 * back to it.
 * @throws Error that says why it is none
 */
export function readVersion(file: string): Version {
  // A pipe in its place would be waited for without end, a link would lead elsewhere.
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(descriptor)
    const distrust = distrustOf(stats)
    if (distrust !== undefined) throw new Error(distrust)
    if (stats.size > LARGEST) throw new Error(`it is larger than ${LARGEST} bytes`)
    const version = versionOf(readFileSync(descriptor, 'utf8'), basename(file))
    // It may hold secrets. What is no version, or has another name as well (a hard link), is perhaps a file for others to read.
    if ((stats.mode & 0o077) !== 0 && isOwn(stats) && stats.nlink === 1) fchmodSync(descriptor, 0o600)
    return version
  } finally {
    closeSync(descriptor)
  }
}

function distrustOf(stats: Stats): string | undefined {
  if (!stats.isFile()) return 'it is no plain file'
  if (!isOwn(stats) && stats.uid !== 0) return 'it belongs to another user'
  return (stats.mode & 0o022) === 0 ? undefined : 'others may write to it'
}

/** Windows knows no users by number. */
export function isOwn({ uid }: Stats): boolean {
  return uid === (process.getuid?.() ?? uid)
}

/** Whole, or not at all, whenever the process ends. */
export function writeVersion(file: string, version: Version): void {
  const unfinished = unfinishedName(file)
  // What stands there was left behind, or planted; a link goes, and not what it leads to.
  rmSync(unfinished, { force: true })
  writeWhole(unfinished, `${JSON.stringify(version)}\n`, () => renameSync(unfinished, file))
}

function versionOf(text: string, name: string): Version {
  const read: unknown = JSON.parse(text)
  const wrong = wrongMember(read)
  if (wrong !== undefined) throw new Error(`it is no version of a configuration: ${wrong}`)
  const version = read as Version // as just checked
  if (fileName(version) !== name) throw new Error(`it holds version ${version.id}`)
  return version
}

/** What of it is not as it must be. */
function wrongMember(read: unknown): string | undefined {
  if (typeof read !== 'object' || read === null || Array.isArray(read)) return 'it holds no object'
  const { id, hash, time, origin, author, summary, folder, input } = read as Partial<Version>
  if (!Number.isInteger(id) || Number(id) < 1 || Number(id) > HIGHEST_ID) return 'id'
  if (!isText(hash) || hash === '') return 'hash'
  if (!isText(time) || Number.isNaN(Date.parse(time))) return 'time'
  if (!ORIGINS.some((each) => each === origin)) return 'origin'
  if (author !== undefined && !isText(author)) return 'author'
  if (!isText(summary)) return 'summary'
  if (!isText(folder)) return 'folder'
  return typeof input === 'object' && input !== null && !Array.isArray(input) ? undefined : 'input'
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST
}
