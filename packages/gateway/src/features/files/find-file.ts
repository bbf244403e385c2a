import type { BigIntStats } from 'node:fs'
import { constants } from 'node:fs'
import { type FileHandle, open, realpath, stat } from 'node:fs/promises'
import { sep } from 'node:path'
import { TrafficError } from '@headgate/core'
import { stampOf } from '../../plain-file.ts'
import { whyUnreadable } from '../../settings/read/read-text.ts'
import type { SYMLINKS } from './setting.ts'

/** A plain file as it was when it was looked at. */
export interface FoundFile {
  /** Without symbolic links. */
  readonly path: string
  /** See `stampOf`. */
  readonly stamp: string
  /** In bytes. */
  readonly size: number
  /** Milliseconds since 1970-01-01 UTC. */
  readonly modifiedAt: number
  /** The same, exactly: in nanoseconds. */
  readonly modified: bigint
}

export type Symlinks = (typeof SYMLINKS)[number]

/** Where files are sought. */
export interface Root {
  /** An absolute path; it may be a symbolic link, which a deployment turns to another folder. */
  readonly folder: string
  readonly symlinks: Symlinks
  /** Whether the same content in other codings is sought beside a file. */
  readonly precompressed: boolean
}

/**
 * What is at a name below the root.
 * @returns undefined where nothing is that may be served: neither a pipe or a device, nor what a symbolic link that is not followed
 *   leads to
 * @throws TrafficError `file_unreadable`
 */
export async function findFile(
  { folder, symlinks }: Root,
  name: string,
): Promise<FoundFile | 'folder' | undefined> {
  const path = name === '' ? folder : `${folder}${sep}${name}`
  try {
    const stats = await stat(path, { bigint: true })
    if (!stats.isFile() && !stats.isDirectory()) return undefined
    const real = await realpath(path)
    if (symlinks !== 'anywhere') {
      const root = await realpath(folder)
      const isInside = real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)
      if (!isInside) return undefined
      if (symlinks === 'none' && real !== (name === '' ? root : `${root}${sep}${name}`)) return undefined
    }
    return stats.isDirectory() ? 'folder' : found(real, stats)
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw unreadable(path, error)
  }
}

/**
 * Opens a file that was found. The caller closes it.
 * @returns undefined where it is another one, or has another content, since then
 * @throws TrafficError `file_unreadable`
 */
export async function openFound(file: FoundFile): Promise<FileHandle | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  let handle: FileHandle | undefined
  try {
    // A link that was put in its place is not followed, and a pipe does not hold up the thread.
    handle = await open(file.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    const stats = await handle.stat({ bigint: true })
    if (stats.isFile() && stampOf(stats) === file.stamp) return handle
    await handle.close()
    return undefined
  } catch (error) {
    await handle?.close().catch(() => undefined)
    if (isAbsent(error)) return undefined
    throw unreadable(file.path, error)
  }
}

function found(path: string, stats: BigIntStats): FoundFile {
  return {
    path,
    stamp: stampOf(stats),
    size: Number(stats.size),
    modifiedAt: Number(stats.mtimeMs),
    modified: stats.mtimeNs,
  }
}

const ABSENT: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EINVAL'])

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ABSENT.has(error.code)
}

/** For the log; the client is told the title alone. */
function unreadable(path: string, error: unknown): TrafficError {
  return new TrafficError('file_unreadable', `${path} cannot be read: ${whyUnreadable(error)}`, {
    cause: error,
  })
}
