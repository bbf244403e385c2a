import { open } from 'node:fs/promises'
import { WholeBody } from '../../../message/body.ts'
import type { CacheKey } from '../store.ts'
import { DiskContent } from './disk-content.ts'
import { DiskEntry } from './disk-entry.ts'
import { DiskCacheError } from './disk-error.ts'
import { pathOf, READ, readAt } from './disk-files.ts'
import type { FoundRecord } from './disk-keeper.ts'
import { CHUNK, decodeEntry, sumOf } from './entry-file.ts'

/** Whom a reader tells. */
export interface EntryReader {
  readonly root: string
  /** What was stored is not there as it was. */
  damaged(hash: string, file: string, error: unknown): void
}

/**
 * Reads the file of an entry, with content that is in it, and opens the file of content that is not.
 * @returns undefined for an entry of another key
 * @throws DiskCacheError if it is not what was written, or what the file system says
 */
export async function readEntry(
  reader: EntryReader,
  key: CacheKey,
  hash: string,
  { file, size, staleSince }: FoundRecord,
): Promise<DiskEntry | undefined> {
  const bytes = await readWhole(pathOf(reader.root, file), size)
  const said = decodeEntry(bytes)
  if (said === undefined) throw new DiskCacheError(`${file} is not what was written`)
  if (said.key.text !== key.text) return undefined
  const head = staleSince === undefined ? said.head : { ...said.head, staleSince }
  const content =
    said.body === ''
      ? WholeBody.fromBytes(checked(bytes.subarray(said.contentAt), said.sums, file))
      : await openContent(reader, hash, file, said.body, said.length, said.sums)
  if (content.length !== said.length) throw new DiskCacheError(`${file} is shorter than it was`)
  return new DiskEntry(hash, file, said, head, content)
}

async function readWhole(path: string, size: number): Promise<Buffer> {
  const file = await open(path, READ)
  try {
    const bytes = Buffer.allocUnsafeSlow(size)
    return bytes.subarray(0, await readAt(file, bytes, 0))
  } finally {
    await file.close()
  }
}

async function openContent(
  reader: EntryReader,
  hash: string,
  file: string,
  body: string,
  length: number,
  sums: readonly number[],
): Promise<DiskContent> {
  const handle = await open(pathOf(reader.root, body), READ)
  const content = new DiskContent(handle, length, sums, (error) => reader.damaged(hash, file, error))
  try {
    if ((await handle.stat()).size !== length) throw new DiskCacheError(`${body} is shorter than it was`)
    return content
  } catch (error) {
    content.letGo()
    throw error
  }
}

function checked(content: Buffer, sums: readonly number[], file: string): Buffer {
  for (const [index, sum] of sums.entries())
    if (sumOf(content.subarray(index * CHUNK, (index + 1) * CHUNK)) !== sum)
      throw new DiskCacheError(`${file} is not what was written`)
  return content
}
