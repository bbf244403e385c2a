import { constants } from 'node:fs'
import { open, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from './disk-error.ts'
import { makeFolder } from './make-folder.ts'

/** Folders that files are spread over. */
const FOLDERS = 64
/** What a file takes on disk is a multiple of this, beside its place in a folder. */
const BLOCK = 4096

/** The names of files begin with the session, the thread and a number, so that no two are ever the same. */
export function nameOf(session: string, thread: number, number: number, kind: 'e' | 'b'): string {
  return `${session}-${thread}-${inHex(number)}.${kind}`
}

/** Whether a name is one of ours: nothing else is ever removed. */
export function isName(name: string): boolean {
  return /^[0-9a-f]{8}-\d{1,3}-[0-9a-f]{2,12}\.[eb]$/.test(name)
}

/** The number in a name, which is higher in what was begun later. */
export function numberOf(name: string): number {
  return Number.parseInt(name.slice(name.lastIndexOf('-') + 1, -2), 16)
}

/** The folder of a file. */
function folderOf(name: string): string {
  return inHex(Number.parseInt(name.slice(-4, -2), 16) % FOLDERS)
}

export function folders(): string[] {
  return Array.from({ length: FOLDERS }, (_, index) => inHex(index))
}

function inHex(number: number): string {
  return number.toString(16).padStart(2, '0')
}

export function pathOf(root: string, name: string): string {
  return join(root, folderOf(name), name)
}

export function makeFolders(root: string): void {
  for (const folder of folders()) makeFolder(join(root, folder))
}

/** The names of files of ours that are meant, in all folders. */
export async function namesIn(root: string, isMeant: (name: string) => boolean): Promise<string[]> {
  const names: string[] = []
  for (const folder of folders())
    for (const name of await readdir(join(root, folder))) if (isName(name) && isMeant(name)) names.push(name)
  return names
}

/** What a file of that length takes on disk. */
export function bytesOnDisk(length: number): number {
  return Math.ceil(length / BLOCK) * BLOCK
}

/** Writes a file that is not there yet; what could not be written whole is removed. */
export async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await writeAll(file, bytes)
  } catch (error) {
    await file.close()
    await removeFile(path)
    throw error
  }
  await file.close()
}

/** A write may be cut short, as where the disk is full. */
export async function writeAll(file: Writable, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.byteLength - at)
    at += bytesWritten
  }
}

type Writable = Pick<Awaited<ReturnType<typeof open>>, 'write'>

/** Bytes of a file from a position; fewer where it ends before. */
export async function readAt(
  file: Pick<Awaited<ReturnType<typeof open>>, 'read'>,
  target: Buffer,
  position: number,
): Promise<number> {
  let at = 0
  while (at < target.length) {
    const { bytesRead } = await file.read(target, at, target.length - at, position + at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return at
}

/** @returns whether it is gone */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await unlink(path)
    return true
  } catch (error) {
    return codeOf(error) === 'ENOENT'
  }
}

/** Not through a link that somebody else has put there. */
export const READ: number = constants.O_RDONLY | constants.O_NOFOLLOW
