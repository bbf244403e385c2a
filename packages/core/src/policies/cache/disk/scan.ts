import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DiskRecord } from './disk-record.ts'
import { folders, isName, pathOf, READ, readAt, removeFile } from './disk-files.ts'
import { recordOf } from './disk-keeper.ts'
import { decodeEntry, hashOfKey, type ReadEntry, sizeOfEntry } from './entry-file.ts'

/** Most entries are known by the first bytes of their files. */
const FIRST_READ = 4096
/** Files that are looked at at a time: traffic has the rest of the threads of the file system. */
const AT_A_TIME = 2

/** Who takes what is found. */
export interface ScanOwner {
  /** @returns false if it is not wanted: its files are removed */
  take(entry: ReadEntry, record: DiskRecord): boolean
  /** Whether a file was written since the scan began, and is not to be touched. */
  isNew(name: string): boolean
  stopped(): boolean
}

/** Looks through all files of a cache: whole entries are taken, the rest is removed. */
export async function scan(root: string, owner: ScanOwner): Promise<void> {
  const bodies = new Set<string>()
  for (const folder of folders()) {
    const entries = (await oldNames(root, folder, owner)).filter((name) => name.endsWith('.e'))
    const next = async (): Promise<void> => {
      for (let name = entries.pop(); name !== undefined && !owner.stopped(); name = entries.pop()) {
        const found = await read(root, name)
        if (found === undefined || !owner.take(found.entry, found.record))
          await removeFile(pathOf(root, name))
        else if (found.record.body !== '') bodies.add(found.record.body)
      }
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, next))
  }
  // An entry is written after its content, and need not be in the same folder.
  for (const folder of folders()) {
    const names = owner.stopped() ? [] : await oldNames(root, folder, owner)
    for (const name of names)
      if (name.endsWith('.b') && !bodies.has(name)) await removeFile(pathOf(root, name))
  }
}

async function oldNames(root: string, folder: string, owner: ScanOwner): Promise<string[]> {
  return (await readdir(join(root, folder))).filter((name) => isName(name) && !owner.isNew(name))
}

/** Undefined for what was not written whole. Content is checked when it is read, beyond its length. */
async function read(
  root: string,
  name: string,
): Promise<{ readonly entry: ReadEntry; readonly record: DiskRecord } | undefined> {
  try {
    const file = await open(pathOf(root, name), READ)
    try {
      const { size } = await file.stat()
      let bytes = Buffer.allocUnsafe(Math.min(FIRST_READ, size))
      await readAt(file, bytes, 0)
      const needed = sizeOfEntry(bytes)
      if (needed === undefined || needed > size) return undefined
      if (needed > bytes.length) {
        bytes = Buffer.allocUnsafe(needed)
        await readAt(file, bytes, 0)
      }
      const entry = decodeEntry(bytes)
      if (entry === undefined) return undefined
      const { body, length } = entry
      if (size !== needed + (body === '' ? length : 0)) return undefined
      if (body !== '' && (!isName(body) || (await stat(pathOf(root, body))).size !== length)) return undefined
      const record = recordOf(hashOfKey(entry.key), name, size, entry)
      return { entry, record }
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  }
}
